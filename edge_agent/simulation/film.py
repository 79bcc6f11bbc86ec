"""A simulated camera, picture by picture: the road moves on, is painted, and goes through the lens."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Snapshot
from edge_agent.simulation.picture.lens import Lens
from edge_agent.simulation.picture.painter import Painter
from edge_agent.simulation.plan import Simulation, load_plan
from edge_agent.simulation.world.staging import Play


class Film:
    """`picture` is the next picture, `skip` passes over one; `frames` counts both. Like a road, it has no end of its own."""

    def __init__(self, plan: Simulation) -> None:
        self.plan, self.frames = plan, 0
        self._play = Play(plan)
        self._painter, self._lens = Painter(plan, self._play.world.roads), Lens(plan)

    def picture(self) -> NDArray[np.uint8]:
        """BGR (h, w, 3)."""
        return self.taken()[0]

    def taken(self) -> tuple[NDArray[np.uint8], Snapshot]:
        """The picture, and who is truly there."""
        self.frames += 1
        snapshot = self._play.step()
        return self._lens.apply(self._painter.paint(snapshot), snapshot.t_s), snapshot

    def skip(self) -> None:
        self.frames += 1
        self._play.skip()


def open_film(path: Path) -> Film:
    """Raises PlanError."""
    return Film(load_plan(path))
