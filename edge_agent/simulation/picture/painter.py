"""Paints what the camera sees. A blow that moves the camera turns it for good, and it sees the road from there."""

from math import atan2, degrees

from msgspec.structs import replace

from edge_agent.simulation.bodies import Snapshot
from edge_agent.simulation.picture.view import Pixels, View
from edge_agent.simulation.plan import CameraPlan, Simulation
from edge_agent.simulation.script import CameraTrouble
from edge_agent.simulation.staged import since
from edge_agent.simulation.world.road import Road

PAN_DEG, TILT_DEG = (-80.0, 80.0), (2.0, 85.0)  # what a CameraPlan allows


class Painter:
    """Paints snapshots of one simulation. All that stands is painted once for each way the camera looks, at construction."""

    def __init__(self, plan: Simulation, roads: tuple[Road, ...]) -> None:
        self._straight = View(plan, roads)
        blows = [one for one in plan.script if isinstance(one, CameraTrouble) and one.trouble == "moved"]
        self._moved = [(blow, View(replace(plan, camera=turned(plan.camera, blow.amount)), roads)) for blow in blows]

    def paint(self, snapshot: Snapshot) -> Pixels:
        """-> BGR uint8 (h, w, 3), a new array; the same snapshot gives the same pixels."""
        view = self._straight
        for blow, moved in self._moved:
            if since(blow, snapshot.t_s) is not None:
                view = moved
        return view.paint(snapshot)


def turned(camera: CameraPlan, share: float) -> CameraPlan:
    """The camera after a blow: what was in the middle lies `share` of the width beside it, and a little higher."""
    pan = camera.pan_deg + degrees(atan2(share * camera.size_px[0], camera.focal_px)) * (-1 if camera.pan_deg > 0 else 1)
    tilt = camera.tilt_deg + degrees(atan2(0.1 * share * camera.size_px[1], camera.focal_px))
    return replace(camera, pan_deg=min(max(pan, PAN_DEG[0]), PAN_DEG[1]), tilt_deg=min(max(tilt, TILT_DEG[0]), TILT_DEG[1]))
