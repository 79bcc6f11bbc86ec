"""The course of a swarm: all come up, speak for a while, the chain is broken as asked, the rest is delivered, and judged."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from edge_agent.config import BrokerConfig
from edge_agent.core.failure import Failure
from scripts.drills.programs import Program
from scripts.swarms import programs
from scripts.swarms.device import History
from scripts.swarms.processes import Swarm

UP_WITHIN_S = 180.0
DRAINED_WITHIN_S = 300.0
BROKER_DOWN_S = 1.0
MEMORY_OVER_S = 30.0  # the collector's memory before and after: the median of so many seconds


class SwarmFailed(Failure):
    """The swarm did not come as far as a verdict."""


@dataclass(frozen=True, slots=True)
class Breakage:
    """Something that was done to the chain, from when to when."""

    name: str
    from_s: float
    to_s: float


@dataclass(slots=True)
class Course:
    """When what happened, in monotonic seconds, and the collector's memory second by second as (moment, MB)."""

    up_s: float = 0.0
    ended_s: float = 0.0
    drained_s: float = 0.0
    pending: int = 0
    breakages: list[Breakage] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)

    def memory_mb(self, from_s: float, to_s: float) -> float | None:
        within = [mb for at, mb in self.memory if from_s <= at <= to_s]
        return median(within) if within else None


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds after all are up at which the broker or the collector is killed and started again."""

    devices: int
    seconds: float
    ramp_s: float
    broker: BrokerConfig
    kill_broker_at_s: tuple[float, ...] = ()
    kill_collector_at_s: tuple[float, ...] = ()


def conduct(swarm: Swarm, plan: Plan, broker: Program | None, collector: Program | None, say: Callable[[str], None]) -> Course:
    """Raises SwarmFailed. A program that is None belongs to somebody else, and is left alone."""
    course = Course()
    for _ in _seconds(swarm, course, collector, say, plan.ramp_s + UP_WITHIN_S):
        if swarm.seen.online >= plan.devices:
            break
    else:
        raise SwarmFailed(f"only {swarm.seen.online} of {plan.devices} devices have connected")
    course.up_s = time.monotonic()
    todo = sorted(
        [(at_s, "broker", broker) for at_s in plan.kill_broker_at_s]
        + [(at_s, "collector", collector) for at_s in plan.kill_collector_at_s],
        key=lambda entry: entry[0],
    )
    for elapsed_s in _seconds(swarm, course, collector, say, plan.seconds):
        while todo and elapsed_s >= todo[0][0]:
            _, name, program = todo.pop(0)
            if program is not None:
                course.breakages.append(_kill(name, program))
    course.ended_s = time.monotonic()
    swarm.tell("no more events")
    for _ in _seconds(swarm, course, collector, say, DRAINED_WITHIN_S):
        if swarm.seen.acknowledged >= swarm.seen.committed and swarm.seen.online >= plan.devices:
            break
    course.drained_s = time.monotonic()
    course.histories = swarm.histories()
    course.pending = sum(history.pending for history in course.histories)
    return course


def _kill(name: str, program: Program) -> Breakage:
    from_s = time.monotonic()
    program.kill()
    time.sleep(BROKER_DOWN_S)
    programs.up(program)
    return Breakage(name, from_s, time.monotonic())


def _seconds(
    swarm: Swarm, course: Course, collector: Program | None, say: Callable[[str], None], for_s: float
) -> Iterator[float]:
    """About once a second, while reports are taken: how many have passed."""
    began_s = time.monotonic()
    committed, acknowledged, at_s = swarm.seen.committed, swarm.seen.acknowledged, began_s
    while (elapsed_s := time.monotonic() - began_s) < for_s:
        yield elapsed_s
        swarm.listen(min(1.0, for_s - elapsed_s + 0.01))
        if collector is not None:
            course.memory.append((time.monotonic(), resident_mb(collector.pid)))
        seen, now_s = swarm.seen, time.monotonic()
        span_s = now_s - at_s
        rates = [(seen.committed - committed) / span_s, (seen.acknowledged - acknowledged) / span_s]
        say(
            f"{elapsed_s:5.0f} s  online {seen.online}  events {seen.committed} (+{rates[0]:.0f}/s)"
            f"  acknowledged {seen.acknowledged} (+{rates[1]:.0f}/s)  waiting {seen.committed - seen.acknowledged}"
        )
        committed, acknowledged, at_s = seen.committed, seen.acknowledged, now_s


def resident_mb(pid: int) -> float:
    """What the process holds in memory; 0 while there is none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
