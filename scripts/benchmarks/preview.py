"""What looking costs: a real agent on a simulated road; nobody looks at its page, then one, then two, then nobody again.

    ./scripts/bench preview [--fps N] [--seconds N] [--json]

CPU is that of the agent's process, in cores, without its capture child and without who looks. The detector looks at every frame
of a clip that is played as often in every window. Where frames are dropped, because the machine is busy, looking costs what
a window took beside what its frames cost when nobody looks.
"""

import argparse
import http.client
import json
import secrets
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from edge_agent.simulation import presets
from edge_agent.web.accounts import Accounts
from edge_agent.web.certificate import CERTIFICATE_FILE
from scripts.benchmarks.painted_roads import paint
from scripts.benchmarks.processes import cpu_s
from scripts.drills.programs import free_port

AIM_ONE, AIM_GONE = 0.15, 0.01  # of a core; nobody costs nothing, but for what two windows differ in
CAMERA, USER = "road", "technician"
CLIP_S, SETTLE_S, LIVE_WITHIN_S = 12.0, 12.0, 60.0
CHANGE_S = 1.0  # somebody has come or gone
VIEWERS = (0, 1, 2, 0)
RUN = [sys.executable, "-c", "from edge_agent.cli import main; main()", "run", "--quiet", "--config"]


@dataclass
class Looked:
    pictures: int = 0
    bytes: int = 0


class Page:
    """The agent's, as a browser sees it."""

    def __init__(self, port: int, folder: Path, password: str) -> None:
        self._port, self._folder, self._password = port, folder, password
        self._cookie = ""

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self._folder / CERTIFICATE_FILE)
        return http.client.HTTPSConnection("127.0.0.1", self._port, context=context, timeout=20)

    def log_in(self) -> None:
        connection = self.connect()
        form = urlencode({"username": USER, "password": self._password})
        connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        self._cookie = connection.getresponse().headers["Set-Cookie"].partition(";")[0]
        connection.close()

    def ask(self, path: str) -> http.client.HTTPResponse:
        connection = self.connect()
        connection.request("GET", path, headers={"Cookie": self._cookie, "X-Poll": "1"})
        return connection.getresponse()

    def camera(self) -> dict[str, Any]:
        told: dict[str, Any] = json.load(self.ask("/api/v1/overview"))["cameras"][0]
        return told

    def is_live(self) -> bool:
        try:
            if not self._cookie:
                self.log_in()
            return bool(self.camera()["state"] == "live")
        except OSError:  # it is not open yet
            return False

    def frames(self) -> int:
        """That were looked at."""
        told = self.camera()
        return int(told["frames"] - told["dropped"])

    @contextmanager
    def viewer(self) -> Iterator[Looked]:
        looked, stop = Looked(), threading.Event()
        stream = self.ask(f"/api/v1/live/{CAMERA}")
        assert stream.status == 200, stream.read()
        watching = threading.Thread(target=_watch, args=(stream, looked, stop))
        watching.start()
        try:
            yield looked
        finally:
            stop.set()
            watching.join()
            stream.close()


def _watch(stream: http.client.HTTPResponse, looked: Looked, stop: threading.Event) -> None:
    while not stop.is_set() and (line := stream.readline()):
        if line.lower().startswith(b"content-length:"):
            stream.readline()
            looked.bytes += len(stream.read(int(line.split(b":")[1])))
            looked.pictures += 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="./scripts/bench preview", description=__doc__.partition("\n")[0])
    parser.add_argument("--fps", type=float, default=10.0, help="of the camera; default %(default)g")
    parser.add_argument("--seconds", type=float, default=36.0, help="of each window; default %(default)g")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = measure(Path(name), options.fps, options.seconds)
    print(json.dumps(result) if options.as_json else table(result))
    return 0


def measure(folder: Path, fps: float, seconds: float) -> dict[str, Any]:
    port, password = free_port(), secrets.token_urlsafe()
    site = write_site(folder, fps, port)
    (folder / "agent").mkdir()
    Accounts(folder / "agent" / "web").set_password(USER, password)
    page = Page(port, folder / "agent" / "web", password)
    agent = subprocess.Popen([*RUN, str(site)])
    try:
        deadline_s = time.monotonic() + LIVE_WITHIN_S
        while not page.is_live():
            assert agent.poll() is None and time.monotonic() < deadline_s, "the agent shows no camera"
            time.sleep(0.5)
        time.sleep(SETTLE_S)
        windows = [window(page, agent.pid, viewers, seconds) for viewers in VIEWERS]
    finally:
        agent.terminate()
        agent.wait(30)
    nobody, one, two, gone = windows
    return {
        "fps": fps, "seconds": seconds, "windows": windows, "one": beyond(one, [nobody, gone]),
        "two": beyond(two, [nobody, gone]), "gone": beyond(gone, [nobody]),
    }  # fmt: skip


def beyond(window: dict[str, Any], idle: list[dict[str, Any]]) -> float:
    """What it took beside what its frames cost."""
    of_a_frame = sum(one["cpu_cores"] for one in idle) / sum(one["frames_per_s"] for one in idle)
    return round(window["cpu_cores"] - of_a_frame * window["frames_per_s"], 4)


def window(page: Page, pid: int, viewers: int, seconds: float) -> dict[str, Any]:
    time.sleep(CHANGE_S)
    with ExitStack() as looking:
        looked = [looking.enter_context(page.viewer()) for _ in range(viewers)]
        time.sleep(CHANGE_S)
        frames, pictures = page.frames(), [one.pictures for one in looked]
        began_s, before = time.monotonic(), cpu_s(pid)
        time.sleep(seconds)
        took_s = time.monotonic() - began_s
        cores, rate = (cpu_s(pid) - before) / took_s, (page.frames() - frames) / took_s
        rates = [round((one.pictures - had) / took_s, 2) for one, had in zip(looked, pictures, strict=True)]
        sizes = [round(one.bytes / one.pictures / 1000, 1) for one in looked]
    return {
        "viewers": viewers, "cpu_cores": round(cores, 4), "frames_per_s": round(rate, 2), "pictures_per_s": rates,
        "picture_kb": sizes,
    }  # fmt: skip


def write_site(folder: Path, fps: float, port: int) -> Path:
    clip, scene = paint(presets.load("quy_nhon"), folder, CLIP_S, fps)
    site = folder / "site.toml"
    site.write_text(
        f'device = "bench"\ndata_dir = "agent"\nhealth_every_s = 3600\n[web]\nport = {port}\n[broker]\nport = 9\n'
        f'[[cameras]]\nname = "{CAMERA}"\nscene = "{scene.name}"\nfps = {fps:g}\nattention = {{ enabled = false }}\n'
        f'source = {{ kind = "clip", path = "{clip.name}", loop = true }}\n'
    )
    return site


def table(result: dict[str, Any]) -> str:
    rows = [f"an agent with one camera at {result['fps']:g} frames/s, {result['seconds']:g} s each"]
    for one in result["windows"]:
        each = zip(one["pictures_per_s"], one["picture_kb"], strict=True)
        seen = ", ".join(f"{rate:g} pictures/s of {kb:g} kB" for rate, kb in each)
        said = f"{one['cpu_cores']:.3f} cores, {one['frames_per_s']:5.2f} frames/s"
        rows.append(f"  {one['viewers']} look   {said}   {seen}".rstrip())
    rows += [
        f"  one viewer costs        {result['one']:.3f} of a core   (aim <= {AIM_ONE})",
        f"  two viewers cost        {result['two']:.3f}",
        f"  when they are gone      {result['gone']:+.3f}   (aim <= {AIM_GONE}, or as windows differ)",
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
