"""Whoever stands beside the camera: who is in the picture at every moment, whichever way a blow has turned it."""

from edge_agent.simulation.bodies import Snapshot
from edge_agent.simulation.mast import camera_at, cameras, mast_of
from edge_agent.simulation.picture.standing import standing_m
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.truth.sight import GRID_PX, Sight, look
from edge_agent.simulation.world.road import Road


class Witness:
    def __init__(self, plan: Simulation, roads: tuple[Road, ...]) -> None:
        self._plan = plan
        self._standing_m = {one: standing_m(plan, roads, mast_of(one), GRID_PX) for one in cameras(plan)}

    def look(self, snapshot: Snapshot) -> Sight:
        """Everybody in the picture, and how much of him neither others nor houses, trees and posts hide."""
        camera = camera_at(self._plan, snapshot.t_s)
        return look(mast_of(camera), snapshot, self._standing_m[camera])
