"""A real `edge-agent run` on a simulated avenue, with its own page, for the browser tests. There is no broker.

Whatever ends it but `stop`, it is started again: the service manager's part is played here.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import fmean

import numpy as np

from edge_agent.simulation.mast import mast_of
from edge_agent.simulation.plan import parse_plan
from edge_agent.simulation.world.staging import Play
from edge_agent.web.accounts import Accounts
from tests.brokers import free_port

USER, PASSWORD = "technician", "a long enough password"
CAMERA = "avenue"
NEAR_M, FAR_M = 14.0, 56.0
STARTS_WITHIN_S = 60.0
RUN = [sys.executable, "-c", "from edge_agent.cli import main; main()"]
PLAN = """
name = "avenue"
warm_up_s = 8
[camera]
height_m = 7
tilt_deg = 14
focal_px = 620
[[roads]]
id = "avenue"
points_m = [[2, -20], [2, 140]]
left = [{ kind = "verge", width_m = 6 }]
right = [{ kind = "verge", width_m = 6 }]
lanes = [{ id = "left", speed_kmh = 50 }, { id = "right", speed_kmh = 50 }]
[[script]]
kind = "slow_vehicle"
at_s = 3
every_s = 5
lane = "left"
at_m = 50
speed_kmh = 42
vehicle = "car"
[[script]]
kind = "stopped_vehicle"
at_s = 4
lane = "right"
at_m = 50
seconds = 600
"""
# As it is on the first day: nothing but a mask over somebody's windows.
SCENE = {
    "camera": "avenue", "ref_resolution": [640, 360], "lanes": [],
    "masks": [{"id": "m1", "polygon": [[0.8, 0.0], [1.0, 0.0], [1.0, 0.2]], "private": True}],
}  # fmt: skip


class RunningAgent:
    """One camera, CAMERA; `url` is its page's."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        self._site, self._log = folder / "site.toml", folder / "agent.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._manager = threading.Thread(target=self._manage)
        (folder / "simulation.toml").write_text(PLAN)
        (folder / "scene.json").write_text(json.dumps(SCENE))
        self._site.write_text(
            f'device = "qn-ntt-01"\nsite = "Ngã tư Nguyễn Tất Thành"\ndata_dir = "data"\n[web]\nport = {port}\n'
            f'[broker]\nport = {free_port()}\n[[cameras]]\nname = "{CAMERA}"\nscene = "scene.json"\nfps = 5\n'
            'source = { kind = "simulation", path = "simulation.toml" }\n'
        )
        (folder / "data").mkdir()
        Accounts(folder / "data" / "web").set_password(USER, PASSWORD)

    def start(self) -> None:
        self._manager.start()
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._log.exists() or f"camera {CAMERA}: live" not in self._log.read_text():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the agent did not start: {self._log.read_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        self._stopping = True
        if self._process is not None:
            self._process.kill()  # an end in peace is another test's; it would wait for a collector
        self._manager.join()

    def _manage(self) -> None:
        while not self._stopping:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen([*RUN, "run", "--config", str(self._site)], stdout=log, stderr=log)
            self._process.wait()


def places(metres: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where the camera has these places of the road, normalised."""
    camera = parse_plan(PLAN).camera
    pixels, _ = mast_of(camera).project(np.array([[x, y, 0.0] for x, y in metres]))
    return [(float(x) / camera.size_px[0], float(y) / camera.size_px[1]) for x, y in pixels]


def true_kmh() -> float:
    """How fast those drive, on average, who pass on the left lane where the camera sees them well."""
    play = Play(parse_plan(PLAN))
    bodies = [body for _ in range(200) for body in play.step().bodies]
    return 3.6 * fmean(body.speed_m_s for body in bodies if body.lane == "left" and NEAR_M < body.y_m < FAR_M)
