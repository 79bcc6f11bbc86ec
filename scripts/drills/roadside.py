"""What surrounds the agent of a drill: two cameras at two roads, its board, and the configuration that names them."""

import os
from pathlib import Path

import msgspec

from edge_agent.simulation.presets import load
from edge_agent.simulation.truth.scenery import scene_of
from scripts.drills.cameras import Camera, film, ground
from scripts.drills.programs import free_port

THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"
SLOWED_DOWN = 0b0100
ROADS = {"north": "quy_nhon", "south": "motorway"}
SITE = """device = "unwell"
data_dir = "{data_dir}"
health_every_s = 1
[broker]
port = {nobody}
"""
CAMERA = """[[cameras]]
name = "{name}"
scene = "{name}.json"
fps = {fps}
source = {{ kind = "rtsp", url = "{url}", transport = "http" }}
"""


def lay_site(folder: Path, data_dir: Path, fps: int, film_s: float, quiet: bool) -> list[Camera]:
    """`quiet`: the cameras see ground on which nothing moves, and the detector has little to do."""
    roads = {name: load(preset) for name, preset in ROADS.items()}
    for name, road in roads.items():
        (folder / f"{name}.json").write_bytes(msgspec.json.encode(scene_of(road)))
    cameras = [
        Camera(name, ground(round(film_s * fps)) if quiet else film(road, film_s, fps), fps) for name, road in roads.items()
    ]
    tables = [CAMERA.format(name=one.name, url=one.url, fps=fps) for one in cameras]
    (folder / "site.toml").write_text(SITE.format(data_dir=data_dir, nobody=free_port()) + "".join(tables))
    return cameras


class Board:
    """The file in which a Raspberry Pi's firmware tells whether it is slowed down, below a /sys of its own."""

    def __init__(self, sys_dir: Path) -> None:
        self._file = sys_dir / THROTTLED
        self._file.parent.mkdir(parents=True)
        self.tell(0)

    def tell(self, bits: int) -> None:
        self._file.unlink(missing_ok=True)
        self._file.write_text(f"{bits:x}\n")

    def fall_silent(self) -> None:
        """Whoever reads it waits for ever."""
        self._file.unlink()
        os.mkfifo(self._file)
