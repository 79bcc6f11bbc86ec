"""What the demo's cameras look at: two simulated roads on which something is staged, or a clip again and again."""

import json
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from scripts.demo_programs import Program
from scripts.staged import NEEDS_S, Staged

ROADS = {"quy-nhon": "quy_nhon", "motorway": "motorway"}  # camera -> preset of edge-agent simulate
TRUTH_S = 120.0  # of a demo without an end: what is staged later comes unannounced
GET_READY_S = 8.0  # from the agent's start to its first picture of a road


class Cameras(Protocol):
    """`names` of the cameras; `lead_s` passes before they begin."""

    names: tuple[str, ...]
    lead_s: float

    def __str__(self) -> str: ...

    def prepare(self) -> None: ...

    def configuration(self, started_at: float) -> str:
        """The tables [[cameras]] of the agent's configuration. `started_at`: the first picture, Unix seconds."""

    def staged(self, started_at: float) -> Staged: ...


class Clip:
    """A film of a road. Nobody knows what happens on it."""

    names: tuple[str, ...] = ("road",)
    lead_s = 0.0

    def __init__(self, options: Namespace) -> None:
        self._options = options

    def __str__(self) -> str:
        return f"{self._options.clip}{' backwards' if self._options.reverse else ''}"

    def prepare(self) -> None:
        pass

    def configuration(self, started_at: float) -> str:
        options = self._options
        clip, scene = json.dumps(str(options.clip.absolute())), json.dumps(str(options.scene.absolute()))
        source = f'{{ kind = "clip", path = {clip}, loop = true, reverse = {json.dumps(options.reverse)} }}'
        return _table("road", scene, options.fps, source)

    def staged(self, started_at: float) -> Staged:
        return Staged({}, started_at, until_s=0.0)


class Roads:
    """Simulated ones, by camera; each gets a folder with its scene and its truth."""

    lead_s = GET_READY_S
    needs_s = NEEDS_S

    def __init__(self, folder: Path, options: Namespace, roads: dict[str, str] = ROADS) -> None:
        self._folder, self._fps = folder, options.fps
        self._roads, self.names = roads, tuple(roads)
        self._until_s = options.seconds or TRUTH_S

    def __str__(self) -> str:
        return " and ".join(self.names)

    def prepare(self) -> None:
        """Side by side. SystemExit when it cannot be done."""
        print(f"staging   {self}; first the truth of {self._until_s:g} s is worked out", flush=True)
        with ExitStack() as stack:
            command = ["simulate", "--quiet", "--seconds", str(self._until_s)]
            working = [
                stack.enter_context(
                    Program("edge-agent", [*command, road, "--out", str(self._folder / camera)], self._folder / f"{camera}.log")
                )
                for camera, road in self._roads.items()
            ]
            for one in working:
                if one.wait():
                    raise SystemExit(f"demo: {one.ended}")

    def configuration(self, started_at: float) -> str:
        source = '{{ kind = "simulation", path = "{}/simulation.toml", started_at = {} }}'
        return "".join(
            _table(camera, f'"{camera}/scene.json"', self._fps, source.format(camera, started_at)) for camera in self.names
        )

    def staged(self, started_at: float) -> Staged:
        truths = {camera: self._folder / camera / "truth.json" for camera in self.names}
        return Staged(truths, started_at, self._until_s, self.needs_s)


def _table(name: str, scene: str, fps: float, source: str) -> str:
    return f'\n[[cameras]]\nname = "{name}"\nscene = {scene}\nfps = {fps:g}\nsource = {source}\n'
