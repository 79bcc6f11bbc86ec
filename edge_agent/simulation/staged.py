"""When something that is staged goes on."""

from edge_agent.simulation.script import CameraTrouble, Cloud


def since(staged: CameraTrouble | Cloud, t_s: float) -> float | None:
    """Seconds since it last began; None while it does not go on."""
    passed = t_s - staged.at_s
    if passed < 0:
        return None
    if staged.every_s is not None:
        passed %= staged.every_s
    return passed if staged.seconds is None or passed < staged.seconds else None
