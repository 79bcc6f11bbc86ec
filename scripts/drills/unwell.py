"""A device that is unwell: cameras that fail, a capture child and threads that hang, a board that is slowed down, a full disk.

The real agent with two network cameras of the drill, under a service manager that the drill plays, on a board whose /sys the
drill writes; nothing is delivered, so all that it tells is in its outbox. Each trouble must be told, and its end, in time; the
other camera must keep its rate; whatever hangs must be replaced or restarted; and no incident may be lost on the way.

As root, since it fills a small disk of its own. --quick leaves out pictures, board and disk, and gives the main loop and the
watchdog less time.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.health.snapshot import Health
from edge_agent.field.recall import ask_health
from scripts.camera_troubles import Disturb, blurred, covered, frozen, levels, turned
from scripts.drills.cameras import Camera, switched_on
from scripts.drills.chain import say
from scripts.drills.disk import hungry_neighbour, small_disk
from scripts.drills.hearing import Fault, Hearing
from scripts.drills.patient import MUTANTS
from scripts.drills.promises import Promises, took
from scripts.drills.roadside import SLOWED_DOWN, Board, lay_site
from scripts.drills.supervisor import Supervisor
from scripts.drills.verdict import Verdict

LINK_TOLD_S, PICTURE_TOLD_S, BACK_S, KEPT_RATE = 10.0, 30.0, 15.0, 0.95
REPLACED_S, RESTARTED_S = 15.0, 45.0
SLOWER_S, FULL_SPEED_S = 30.0, 90.0
FULL_S, HEALED_S = 30.0, 45.0
PATIENCE_S = 60.0  # for what is no promise, but the drill cannot go on without
TROUBLES: dict[str, Callable[[], Disturb]] = {
    "frozen": frozen, "black": lambda: levels(0), "covered": lambda: covered(0, 0, 1, 0.8, 60),
    "blurred": lambda: blurred(0.01), "moved": lambda: turned(0.1),
}  # fmt: skip
CATCHES = {"fed-by-a-timer": "loop", "child-never-replaced": "child"}  # mutant -> the part that must fail
IN_QUICK = ("link", "child", "loop")


@dataclass(frozen=True, slots=True)
class Pace:
    """What a run is given. `settle_s`: between two troubles. `main_within_s`, `watchdog_s`: of the main loop, and of the
    service manager."""

    fps: int
    film_s: float
    settle_s: float
    main_within_s: float
    watchdog_s: float
    restarted_s: float


WHOLE = Pace(5, 8.0, 12.0, 25.0, 15.0, RESTARTED_S)
QUICK = Pace(4, 2.0, 3.0, 4.0, 3.0, 20.0)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--mutant", choices=MUTANTS, default="none", help="break a rule: the part that it is of must FAIL")


def run(options: argparse.Namespace) -> Verdict:
    if not options.quick and os.geteuid() != 0:
        raise WrongInput("the drill mounts a small disk of its own; start it as root, or try a slice of it with --quick")
    folder, pace = options.state.folder, QUICK if options.quick else WHOLE
    caught = [CATCHES[options.mutant]] if options.mutant in CATCHES else None
    parts = caught or options.part or (IN_QUICK if options.quick else list(PARTS))
    with ExitStack() as stack:
        data_dir = (folder if options.quick else stack.enter_context(small_disk(folder))) / "data"
        cameras = lay_site(folder, data_dir, pace.fps, pace.film_s, quiet=options.quick)
        stack.enter_context(switched_on(cameras))
        board = Board(folder / "sys")
        agent = [sys.executable, "-m", "scripts.drills.patient", folder / "sys", options.mutant, str(pace.main_within_s)]
        command = [*agent, "run", "--quiet", "--config", folder / "site.toml"]
        supervisor = stack.enter_context(Supervisor(command, folder / "agent.log", pace.watchdog_s))
        drill = Drill(data_dir, cameras, board, supervisor, pace, random.Random(options.seed))
        for part in parts:
            say(part)
            PARTS[part](drill)
        return drill.conclude()


class Drill:
    """`PARTS` one after the other, then `conclude`."""

    def __init__(
        self, data_dir: Path, cameras: list[Camera], board: Board, supervisor: Supervisor, pace: Pace, chance: random.Random
    ) -> None:
        self._data_dir, self._cameras, self._board, self._supervisor = data_dir, cameras, board, supervisor
        self._pace, self._chance = pace, chance
        self._hearing, self._promises = Hearing(data_dir / "outbox.db"), Promises()
        self._wait("both cameras give pictures", lambda: all(map(self._sees, cameras)))

    def link_is_lost(self) -> None:
        """Its cable is pulled, or it is switched off: then it refuses whoever asks."""
        self._camera_fails("nothing arrives", "no_frames", LINK_TOLD_S, Camera.pull, Camera.plug)
        if self._pace is WHOLE:
            self._camera_fails("switched off", "no_frames", LINK_TOLD_S, Camera.switch_off, Camera.switch_on)

    def pictures_are_bad(self) -> None:
        for reason, disturb in TROUBLES.items():
            self._camera_fails(reason, reason, PICTURE_TOLD_S, lambda camera: camera.show(disturb()), Camera.well)  # noqa: B023

    def _camera_fails(
        self, what: str, reason: str, told_s: float, hurt: Callable[[Camera], None], heal: Callable[[Camera], None]
    ) -> None:
        victim, other = self._chance.sample(self._cameras, 2)
        time.sleep(self._pace.settle_s + self._chance.uniform(0, 3))
        began_s = time.monotonic()
        hurt(victim)
        self._promises.within(f"{what}: told", told_s, self._tells((victim.name, reason, "new"), began_s))
        healed_s = time.monotonic()
        heal(victim)
        self._promises.within(f"{what}: back", BACK_S, self._tells((victim.name, reason, "end"), healed_s))
        self._check_rate(what, other, began_s)

    def child_hangs(self) -> None:
        time.sleep(self._pace.settle_s)
        agent, began_s = self._supervisor.service, time.monotonic()
        before, restarts = set(agent.children()), {one: self._hearing.restarts(one.name) for one in self._cameras}
        os.kill(self._chance.choice(sorted(before)), signal.SIGSTOP)
        if not self._promises.within("a child that hangs: replaced", REPLACED_S, lambda: bool(set(agent.children()) - before)):
            return
        self._wait("both cameras are back", lambda: all(map(self._sees, self._cameras)))
        others = [one for one, count in restarts.items() if self._hearing.restarts(one.name) == count]
        if len(before & set(agent.children())) == 1 == len(others):
            self._check_rate("a child that hangs", others[0], began_s)
        else:
            self._promises.broken.append(f"a child that hangs: not touched were {', '.join(map(str, others)) or 'none'}")

    def board_is_slowed_down(self) -> None:
        began_s = time.monotonic()
        self._board.tell(SLOWED_DOWN)
        self._promises.within("slowed down: told", SLOWER_S, self._tells((None, "throttled", "new"), began_s))
        self._promises.within("slowed down: fewer frames", SLOWER_S, lambda: self._health().measures.frame_share < 1)
        self._board.tell(0)
        self._promises.within("slowed down: its end told", FULL_SPEED_S, self._tells((None, "throttled", "end"), began_s))

    def board_never_answers(self) -> None:
        self._supervisor.before_start = lambda: self._board.tell(0)
        self._is_restarted("a board that never answers", "health", self._board.fall_silent)

    def main_loop_hangs(self) -> None:
        self._is_restarted("a main loop that hangs", "main loop", lambda: self._supervisor.service.signal(signal.SIGUSR1))

    def _is_restarted(self, what: str, worker: str, hang: Callable[[], object]) -> None:
        """And the journal names the worker, and shows where it hung."""
        began_s, ready = time.monotonic(), self._supervisor.ready
        hang()
        bound_s = self._pace.restarted_s
        if self._promises.within(f"{what}: started again", bound_s, lambda: self._supervisor.started_s > began_s):
            self._wait("the agent is at work again", lambda: self._supervisor.ready > ready)
            self._promises.figures[f"{what}: at work again"] = f"{time.monotonic() - began_s:.1f} s"
        said = self._supervisor.service.log.read_text()
        if f"edge-agent: stuck: {worker} for" not in said or "most recent call first" not in said:
            self._promises.broken.append(f"{what}: the journal does not name it")

    def disk_is_full(self) -> None:
        """Incidents begin and end meanwhile; all must be there once there is room again."""
        camera, ballast, began_s = self._chance.choice(self._cameras), self._data_dir / "ballast", time.monotonic()
        with hungry_neighbour(ballast):
            self._promises.within("full disk: shown", FULL_S, self._is_full)
            camera.show(levels(0))
            self._wait("the camera is black", lambda: self._said(f"camera/{camera}") == "camera.black")
            camera.well()
            self._wait("the camera sees", lambda: self._sees(camera))
        ballast.unlink()
        self._promises.within("full disk: well again", HEALED_S, lambda: not self._is_full())
        kept: list[Fault] = [(camera.name, "black", "new"), (camera.name, "black", "end")]
        if self._hearing.has((None, "disk", "new"), began_s):  # unless the outbox got by with the room that it had
            kept.append((None, "disk", "end"))
        if lost := [one for one in kept if not self._hearing.has(one, began_s)]:
            self._promises.broken.append(f"full disk: not kept: {lost}")

    def conclude(self) -> Verdict:
        """The agent is at work still; what it has committed stays."""
        supervisor, promises = self._supervisor, self._promises
        if supervisor.ended:
            promises.broken.append(f"the agent ended {supervisor.ended} times by itself: {supervisor.service.last_words}")
        lost, duplicated = self._hearing.judge()
        promises.figures |= {"faults told": len(self._hearing.faults()), "restarts by the watchdog": supervisor.barked}
        return Verdict(lost, duplicated, tuple(promises.broken), promises.figures)

    def _check_rate(self, what: str, camera: Camera, since_s: float) -> None:
        """As many of its frames as before must have been looked at: on a machine that is busy that is not all of them."""
        before = self._hearing.rate(camera.name, since_s - self._pace.settle_s, since_s) or self._pace.fps
        since = self._hearing.rate(camera.name, since_s, time.monotonic()) or 0.0
        self._promises.at_least(f"{what}: rate of the other camera", KEPT_RATE, since / min(before, self._pace.fps))

    def _wait(self, what: str, holds: Callable[[], bool]) -> None:
        if took(PATIENCE_S, holds) > PATIENCE_S:
            raise Failure(f"{what}: not within {PATIENCE_S:g} s; the agent said: {self._supervisor.service.last_words}")

    def _tells(self, fault: Fault, since_s: float) -> Callable[[], bool]:
        return lambda: self._hearing.has(fault, since_s)

    def _health(self) -> Health:
        return ask_health(self._data_dir)

    def _said(self, item: str) -> str:
        """Nothing in the first second of an agent."""
        return next((one.said for one in self._health().items if one.id == item), "")

    def _is_full(self) -> bool:
        return self._said("disk") == "disk.full" or self._said("outbox") == "outbox.full"

    def _sees(self, camera: Camera) -> bool:
        return self._said(f"camera/{camera}") == "camera.ok"


PARTS: dict[str, Callable[[Drill], None]] = {
    "link": Drill.link_is_lost, "pictures": Drill.pictures_are_bad, "child": Drill.child_hangs,
    "board": Drill.board_is_slowed_down, "reader": Drill.board_never_answers, "loop": Drill.main_loop_hangs,
    "disk": Drill.disk_is_full,
}  # fmt: skip
