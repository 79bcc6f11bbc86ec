"""The whole chain on one box: broker, collector, and an agent that watches two simulated roads, or a clip as its camera.

Standard library only: it starts the real programs and looks at them from outside.
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from scripts.history import lost
from scripts.staged import Staged

PROGRAMS = Path(sys.executable).parent
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
ROADS = {"quy-nhon": "quy_nhon", "motorway": "motorway"}  # camera -> preset of edge-agent simulate
LONGEST_S = 3600.0  # the truth of an endless demo is worked out for so long
GET_READY_S = 8.0  # from the agent's start to its first picture
LOOK_EVERY_S = 1.0
EXAMPLES = """examples:
  ./scripts/demo                                         two simulated roads, until Ctrl-C, with a console to look at
  ./scripts/demo --headless --seconds 90                 exit 1 unless every staged incident arrives
  ./scripts/demo road.mp4 --scene road.json              until Ctrl-C, with a console to look at
  ./scripts/demo road.mp4 --scene road.json --reverse    the clip backwards: everyone drives the wrong way
  ./scripts/demo road.mp4 --scene road.json --headless --seconds 60
"""


class Demo:
    """Its files lie in `folder`; `run` returns the exit status."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder, self._options = folder, options
        self._http, self._mqtt = free_port(8088), free_port(1883)
        self._url = f"http://127.0.0.1:{self._http}"
        self._data = folder / "collector"
        self._password = secrets.token_urlsafe(9)
        self._site = folder / "site.toml"
        self._staged: Staged | None = None
        self._looked_at = 0
        self._started_at = time.time()

    def run(self) -> int:
        if self._options.clip is None:
            self._stage_roads()
        self._write_site()
        checked = subprocess.run([PROGRAMS / "edge-agent", "config", "check", self._site], stdout=subprocess.DEVNULL)
        if checked.returncode:
            return checked.returncode
        with ExitStack() as stack:
            collector = self._start(stack, "collector", ["serve", "--embedded-broker", *self._collector_options()])
            self._wait_ready(collector)
            self._greet()
            tail = ["alerts", "tail", "--url", self._url, "--token-file", str(self._data / "api-token"), "--since", "0"]
            if self._options.lang:
                tail += ["--lang", self._options.lang]
            self._start(stack, "collector", tail, shown=True)
            if self._options.clip is None:
                self._begin_roads()
            agent = self._start(stack, "edge-agent", ["run", "--config", str(self._site)], log="agent")
            failed = self._watch(agent, collector)
            stop(agent)
            return self._conclude(failed)

    def _stage_roads(self) -> None:
        """Scene and truth of both roads, side by side."""
        print("staging   two simulated roads; their truth is worked out first", flush=True)
        seconds = str(self._options.seconds or LONGEST_S)
        command = [PROGRAMS / "edge-agent", "simulate", "--quiet", "--seconds", seconds]
        working = [
            subprocess.Popen([*command, road, "--out", self._folder / camera], stdout=subprocess.DEVNULL)
            for camera, road in ROADS.items()
        ]
        if any(process.wait() for process in working):
            raise SystemExit("demo: the roads could not be simulated")

    def _begin_roads(self) -> None:
        """The roads begin in a moment; from then on the seconds count."""
        self._started_at = time.time() + GET_READY_S
        self._write_site()
        truths = {camera: self._folder / camera / "truth.json" for camera in ROADS}
        self._staged = Staged(truths, self._started_at, self._options.seconds)

    def _watch(self, *processes: subprocess.Popen[bytes]) -> bool:
        """Until the time is over or Ctrl-C; True when a program ended by itself."""
        seconds = self._options.seconds or float("inf")
        end_s = time.monotonic() + seconds + (GET_READY_S if self._staged else 0.0)
        look_s = time.monotonic()
        try:
            while time.monotonic() < end_s:
                if any(process.poll() is not None for process in processes):
                    for log in ("collector", "agent"):
                        sys.stdout.write((self._folder / f"{log}.log").read_text(errors="replace")[-2000:])
                    return True
                if time.monotonic() >= look_s:
                    look_s = time.monotonic() + LOOK_EVERY_S
                    self._look_at_arrivals()
                time.sleep(0.2)
        except KeyboardInterrupt:
            print()
        return False

    def _look_at_arrivals(self) -> None:
        """Says of each incident that was staged how long after its beginning its alert came."""
        if self._staged is None:
            return
        found = self._get(f"/api/v1/events?class=incident&after={self._looked_at}")
        self._looked_at = found["next"]
        for line in filter(None, map(self._staged.arrived, found["events"])):
            print(line, flush=True)

    def _conclude(self, failed: bool) -> int:
        """What the device committed against what the store holds; the last line is for programs."""
        self._look_at_arrivals()
        summary = self._get("/api/v1/summary")
        missing = lost(self._folder / "agent" / "outbox.db", self._get("/api/v1/streams")["streams"])
        seen = self._camera_was_live()
        absent = [] if self._staged is None or self._options.seconds is None else self._staged.missing
        for incident in absent:
            print(f"MISSED    {incident}")
        print(f"alerts={summary['alerts']} events={summary['events']} lost={missing}", flush=True)
        return 1 if failed or missing or not seen or absent else 0

    def _camera_was_live(self) -> bool:
        """Whether a picture of every camera ever came; what the agent said of it otherwise."""
        log, all_live = (self._folder / "agent.log").read_text(errors="replace").splitlines(), True
        for name in ("road",) if self._options.clip else ROADS:
            said = [line for line in log if f"camera {name}" in line]
            if not any(line.endswith(": live") for line in said):
                print(said[-1] if said else f"camera {name}: the agent did not get to it", file=sys.stderr)
                all_live = False
        return all_live

    def _collector_options(self) -> list[str]:
        password_file = self._folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        ports = ["--http-port", str(self._http), "--mqtt-port", str(self._mqtt)]
        return ["--data-dir", str(self._data), "--password-file", str(password_file), *ports]

    def _write_site(self) -> None:
        """The agent's configuration, as a technician would write it."""
        self._site.write_text(
            f'device = "demo-01"\nsite = "demo"\ndata_dir = "agent"\nhealth_every_s = 10\n\n'
            f"[broker]\nport = {self._mqtt}\nfirst_wait_s = 0.5\nmax_wait_s = 2\n" + "".join(self._cameras())
        )

    def _cameras(self) -> list[str]:
        options = self._options
        if options.clip is not None:
            clip, scene = json.dumps(str(options.clip.absolute())), json.dumps(str(options.scene.absolute()))
            source = f'{{ kind = "clip", path = {clip}, loop = true, reverse = {json.dumps(options.reverse)} }}'
            return [_camera("road", scene, options.fps, source)]
        source = '{{ kind = "simulation", path = "{}/simulation.toml", started_at = {} }}'
        return [
            _camera(camera, f'"{camera}/scene.json"', options.fps, source.format(camera, self._started_at)) for camera in ROADS
        ]

    def _start(
        self, stack: ExitStack, program: str, arguments: list[str], *, shown: bool = False, log: str | None = None
    ) -> subprocess.Popen[bytes]:
        """Start one program; it is stopped when the demo ends. It gets no Ctrl-C of its own: the demo stops it in order."""
        out = None if shown else stack.enter_context((self._folder / f"{log or program}.log").open("wb"))
        process = subprocess.Popen([PROGRAMS / program, *arguments], stdout=out, stderr=out, start_new_session=True)
        stack.callback(stop, process)
        return process

    def _wait_ready(self, collector: subprocess.Popen[bytes]) -> None:
        end_s = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end_s:
            if collector.poll() is not None:
                raise SystemExit(f"demo: the collector did not start: {self._log_tail('collector')}")
            try:
                self._get("/api/v1/summary")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit(f"demo: the collector did not answer within {READY_WITHIN_S:.0f} s: {self._log_tail('collector')}")

    def _log_tail(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(errors="replace").strip()[-500:] or "it said nothing"

    def _greet(self) -> None:
        print(f"console   {self._url}   user operator   password {self._password}")
        print(f"files     {self._folder}")
        until = f"for {self._options.seconds:g} s" if self._options.seconds else "until Ctrl-C"
        clip, backwards = self._options.clip, " backwards" if self._options.reverse else ""
        what = f"{clip}{backwards}" if clip else " and ".join(ROADS)
        print(f"watching  {what} {until}", flush=True)

    def _get(self, path: str) -> Any:
        token = (self._data / "api-token").read_text().strip()
        request = urllib.request.Request(self._url + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def _camera(name: str, scene: str, fps: float, source: str) -> str:
    return f'\n[[cameras]]\nname = "{name}"\nscene = {scene}\nfps = {fps:g}\nsource = {source}\n'


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and make sure."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port(wanted: int) -> int:
    """The usual port where it is free, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("demo: no free port on 127.0.0.1")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./scripts/demo", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path, help="video of a road, played again and again; default: a simulated one")
    parser.add_argument("--scene", type=Path, help="the clip's scene file")
    parser.add_argument("--reverse", action="store_true", help="play the clip backwards")
    parser.add_argument("--headless", action="store_true", help="for programs: ends after 60 s, simulated 90 s")
    parser.add_argument("--seconds", type=float, help="stop after so long; default: Ctrl-C")
    parser.add_argument("--fps", type=float, default=10, help="frames a second that are looked at; default 10")
    parser.add_argument("--lang", choices=("vi", "en"), help="language of the alerts")
    parser.add_argument("--keep", type=Path, help="keep the demo's files in this folder")
    options = parser.parse_args()
    if (options.clip is None) != (options.scene is None):
        parser.error("a CLIP needs its --scene, and a --scene its CLIP; without both the roads are simulated")
    if options.reverse and options.clip is None:
        parser.error("--reverse: a simulated road cannot run backwards; somebody drives the wrong way on it anyway")
    if options.fps <= 0 or (options.seconds is not None and options.seconds <= 0):
        parser.error("--fps and --seconds must be greater than 0")
    for path in filter(None, (options.clip, options.scene)):
        if not path.is_file():
            parser.error(f"{path}: no such file")
    if options.headless and options.seconds is None:
        options.seconds = 60.0 if options.clip else 90.0
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    signal.signal(signal.SIGTERM, _interrupt)  # whoever ends the demo ends what it has started, too
    folder = options.keep or Path(tempfile.mkdtemp(prefix="kerbwatch-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return Demo(folder, options).run()
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
