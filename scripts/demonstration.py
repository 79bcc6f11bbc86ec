"""The whole chain on one box: broker, collector, and an agent that watches two simulated roads, or a clip as its camera.

It starts the real programs and looks at them from outside; without --ioc with the standard library alone.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, redirect_stdout, suppress
from pathlib import Path

from scripts.demo_api import Api, NoAnswer
from scripts.demo_audience import Audience, Nobody, Place
from scripts.demo_cameras import Cameras, Clip, Roads
from scripts.demo_options import parse
from scripts.demo_programs import PROGRAMS, Interrupts, Program, take_port
from scripts.history import lost
from scripts.staged import Staged

READY_WITHIN_S = 60.0
LOOK_EVERY_S = 1.0
OVER, FAILED, INTERRUPTED = 0, 1, 130


class Demo:
    """Its files lie in `folder`, its programs live until `stack` is closed; `run` returns the exit status."""

    def __init__(
        self, folder: Path, cameras: Cameras, audience: Audience, options: argparse.Namespace, stack: ExitStack,
        interrupts: Interrupts,
    ) -> None:  # fmt: skip
        self._folder, self._cameras, self._audience, self._options = folder, cameras, audience, options
        self._stack, self._interrupts = stack, interrupts
        self._http, self._mqtt = take_port(stack, 8088), take_port(stack, 1883)
        self._url = f"http://127.0.0.1:{self._http}"
        self._token_file = folder / "collector" / "api-token"
        self._api = Api(self._url, self._token_file)
        self._site = folder / "site.toml"
        self._staged = Staged({}, started_at=0.0, until_s=0.0)
        self._started_at = 0.0
        self._programs: list[Program] = []

    def run(self) -> int:
        self._cameras.prepare()
        self._write_site(time.time())
        checked = subprocess.run([PROGRAMS / "edge-agent", "config", "check", self._site], stdout=subprocess.DEVNULL)
        if checked.returncode:
            return checked.returncode
        self._start_collector()
        self._audience.sit_down(Place(self._url, self._token_file.parent, self._api), self._stack)
        try:
            self._show_alerts()
            # The cameras begin in a moment; from then on the seconds count.
            self._started_at = time.time() + self._cameras.lead_s
            self._write_site(self._started_at)
            self._staged = self._cameras.staged(self._started_at)
            self._announce()
            self._start("edge-agent", ["run", "--config", str(self._site)], log="agent.log")
            how = self._watch()
        except KeyboardInterrupt:
            print("\nstopping  the agent delivers what it still has", flush=True)
            how = INTERRUPTED
        for program in self._programs:
            if program.name == "edge-agent":
                program.stop()
        return self._conclude(how)

    def _start(self, program: str, arguments: list[str], log: str | None = None) -> Program:
        with self._interrupts.held():
            self._programs.append(self._stack.enter_context(Program(program, arguments, self._folder / log if log else None)))
        return self._programs[-1]

    def _start_collector(self) -> Program:
        """Returns when it answers; says where. SystemExit when it does not."""
        password, password_file = secrets.token_urlsafe(9), self._folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        configuration = self._folder / "collector.toml"
        configuration.write_text(self._audience.configuration)
        ports = ["--config", str(configuration), "--http-port", str(self._http), "--mqtt-port", str(self._mqtt)]
        places = ["--data-dir", str(self._token_file.parent), "--password-file", str(password_file)]
        collector = self._start("collector", ["serve", "--embedded-broker", *places, *ports], log="collector.log")
        end_s = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end_s:
            if collector.ended:
                raise SystemExit(f"demo: {collector.ended}")
            with suppress(NoAnswer):
                self._api.get("/api/v1/summary")
                print(f"console   {self._url}   user operator   password {password}")
                print(f"files     {self._folder}", flush=True)
                return collector
            time.sleep(0.1)
        raise SystemExit(f"demo: the collector did not answer within {READY_WITHIN_S:.0f} s: {collector.last_words}")

    def _show_alerts(self) -> None:
        language = ["--lang", self._options.lang] if self._options.lang else []
        where = ["--url", self._url, "--token-file", str(self._token_file)]
        log = "alerts.log" if self._options.as_json else None
        self._start("collector", ["alerts", "tail", "--since", "0", *where, *language], log)

    def _write_site(self, started_at: float) -> None:
        """The agent's configuration, as a technician would write it."""
        self._site.write_text(
            f'device = "demo-01"\nsite = "demo"\ndata_dir = "agent"\nhealth_every_s = 10\n\n'
            f"[broker]\nport = {self._mqtt}\nfirst_wait_s = 0.5\nmax_wait_s = 2\n" + self._cameras.configuration(started_at)
        )

    def _announce(self) -> None:
        until = f"for {self._options.seconds:g} s" if self._options.seconds else "until Ctrl-C"
        print(f"watching  {self._cameras} {until}")
        for incident in self._staged.incidents:
            print(f"coming    {incident}")
        if self._staged.incidents and not self._options.seconds:
            print("coming    and so on, unannounced")
        sys.stdout.flush()

    def _watch(self) -> int:
        """Until the time is OVER, or it FAILED: a program has ended by itself, which is said."""
        end_s = time.monotonic() + (self._options.seconds or float("inf")) + self._cameras.lead_s
        look_s = time.monotonic()
        while time.monotonic() < end_s:
            for told in filter(None, (program.ended for program in self._programs if program.log)):
                print(f"demo: {told}", file=sys.stderr)
                return FAILED
            if time.monotonic() >= look_s:
                look_s = time.monotonic() + LOOK_EVERY_S
                with suppress(NoAnswer):  # a collector that is gone is seen above
                    self._look_at_arrivals()
                    self._audience.look(self._started_at)
            time.sleep(0.2)
        return OVER

    def _look_at_arrivals(self) -> None:
        """Says of each incident that was staged how long after its beginning its alert came."""
        for line in filter(None, map(self._staged.arrived, self._api.new_incidents())):
            print(line, flush=True)

    def _conclude(self, how: int) -> int:
        """What the device committed against what the store holds, and who heard of it; the last line is for programs."""
        try:
            self._look_at_arrivals()
            unseen, heard = self._audience.conclude(self._started_at)
            summary, streams = self._api.get("/api/v1/summary"), self._api.get("/api/v1/streams")["streams"]
        except NoAnswer as error:
            raise SystemExit(f"demo: {error}; what has arrived cannot be told") from None
        outbox = self._folder / "agent" / "outbox.db"
        missing = lost(outbox, streams) if outbox.exists() else 0  # an agent that ended before it had one committed nothing
        absent = self._staged.missing if how == OVER else []
        seen = how == INTERRUPTED or self._all_cameras_were_live()
        for incident in absent:
            print(f"MISSED    {incident}")
        for one in unseen if how == OVER else []:
            print(f"NOT SEEN  {one}")
        print(f"alerts={summary['alerts']} events={summary['events']} lost={missing}", flush=True)
        if self._options.as_json:
            figures = {"alerts": summary["alerts"], "events": summary["events"], "lost": missing}
            print(json.dumps({**heard, "missed": [str(one) for one in absent], **figures}), file=sys.__stdout__, flush=True)
        return FAILED if missing or absent or not seen or (unseen and how == OVER) else how

    def _all_cameras_were_live(self) -> bool:
        """Whether a picture of every camera ever came; what the agent said of it otherwise."""
        log, all_live = (self._folder / "agent.log").read_text(errors="replace").splitlines(), True
        for name in self._cameras.names:
            said = [line for line in log if f"camera {name}" in line]
            if not any(line.endswith(": live") for line in said):
                print(said[-1] if said else f"camera {name}: the agent did not get to it", file=sys.stderr)
                all_live = False
        return all_live


def main() -> int:
    options = parse()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    interrupts = Interrupts()  # whoever ends the demo ends what it has started, too
    folder = options.keep or Path(tempfile.mkdtemp(prefix="kerbwatch-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            if options.as_json:  # only its address, and at the end the document, go where programs read
                stack.enter_context(redirect_stdout(sys.stderr))
            return Demo(folder, *_parts(folder, options), options, stack, interrupts).run()
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _parts(folder: Path, options: argparse.Namespace) -> tuple[Cameras, Audience]:
    if options.ioc:
        from scripts.operations_centre.avenue import Avenue
        from scripts.operations_centre.centre import OperationsCentre

        avenue = Avenue(folder, options)
        return avenue, OperationsCentre(avenue, options.headless)
    return Clip(options) if options.clip else Roads(folder, options), Nobody()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
