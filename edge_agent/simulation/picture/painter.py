"""Paints what the camera sees, whichever way a blow has turned it."""

from edge_agent.simulation.bodies import Snapshot
from edge_agent.simulation.mast import camera_at, cameras
from edge_agent.simulation.picture.view import Pixels, View
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.world.road import Road


class Painter:
    """Paints snapshots of one simulation. All that stands is painted once for each way the camera looks, at construction."""

    def __init__(self, plan: Simulation, roads: tuple[Road, ...]) -> None:
        self._plan = plan
        self._views = {camera: View(plan, roads, camera) for camera in cameras(plan)}

    def paint(self, snapshot: Snapshot) -> Pixels:
        """-> BGR uint8 (h, w, 3), a new array; the same snapshot gives the same pixels."""
        return self._views[camera_at(self._plan, snapshot.t_s)].paint(snapshot)
