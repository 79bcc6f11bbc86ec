"""Is what stands in the picture a road user, one of these? And who hides it?"""

from edge_agent.core import geometry
from edge_agent.core.types import Box, RoadUser

ON_IT = 0.5  # so much of it lies under them
FEET = -0.2, 0.45  # ... and it ends so far above the feet of one, in his heights
AS_LARGE = 0.6  # ... or is as large as he
HIDES = 0.25


def account_for(users: list[Box], box: Box) -> bool:
    """It is one of these, or several of them that have grown together; not what one of them stops before, or hides."""
    under = [(geometry.covered(box, user), user) for user in users]
    if sum(share for share, _ in under) < ON_IT:
        return False
    _, user = max(under)
    low, high = FEET
    at_feet = low <= (user.bottom - box.bottom) / (user.bottom - user.top) <= high
    return at_feet or _area(box) >= AS_LARGE * _area(user)


def hide(users: list[RoadUser], box: Box) -> bool:
    return any(user.track.seen and geometry.covered(box, user.track.box) >= HIDES for user in users)


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
