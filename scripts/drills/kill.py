"""kill -9 of agents, broker, collectors and database while events flow. Every event that a device has committed must be stored
once, whatever died: nothing lost, nothing stored twice, nothing stored that no device committed.

Agents are the real event sink with its outbox, in processes of their own; the broker is mosquitto, which keeps nothing, or
the collector's embedded one; the collectors are `collector serve`. With --engine postgres three collectors share the events
of one database, which is killed, too. Who dies and when follows from the seed.

examples:
  ./scripts/drill kill --quick
  ./scripts/drill kill --minutes 60 --events 1000000 --kills 500
  ./scripts/drill kill --engine postgres --minutes 60 --events 1000000 --kills 500
  ./scripts/drill kill --quick --mutant delete-on-puback          must FAIL
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from random import Random

from edge_agent.cli.options import progress_bar
from edge_agent.core.failure import WrongInput
from scripts.drills.chain import Chain, running, say
from scripts.drills.mutants import OF_COLLECTOR, OF_DEVICE
from scripts.drills.options import count, positive
from scripts.drills.verdict import Verdict

EVENTS, KILLS, MINUTES, DEVICES = 1_000_000, 500, 60.0, 4
QUICK_EVENTS, QUICK_KILLS, QUICK_MINUTES, QUICK_DEVICES = 1000, 20, 0.35, 2
COLLECTORS = {"sqlite": 1, "postgres": 3}
SPARE = 1.15  # events are made so much faster than needed: the dead make none
FLUSH_S, FLUSH_S_PER_MINUTE = 60.0, 10.0  # for what waits at the end
SAY_EVERY_S = 20.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=COLLECTORS, default="sqlite", help="the collectors' database; default %(default)s")
    parser.add_argument("--broker", choices=("mosquitto", "embedded"), default="mosquitto", help="default %(default)s")
    parser.add_argument("--events", type=count, help=f"make so many; default {EVENTS}, quick {QUICK_EVENTS}")
    parser.add_argument("--kills", type=count, help=f"default {KILLS}, quick {QUICK_KILLS}")
    parser.add_argument("--minutes", type=positive, help=f"within so many; default {MINUTES:g}, quick {QUICK_MINUTES}")
    parser.add_argument("--devices", type=count, help=f"default {DEVICES}, quick {QUICK_DEVICES}")
    parser.add_argument("--mutant", choices=sorted(OF_DEVICE | OF_COLLECTOR), help="break a rule of delivery: must FAIL")


def run(options: argparse.Namespace) -> Verdict:
    if options.broker == "embedded" and options.engine != "sqlite":
        raise WrongInput("--broker embedded: belongs to one collector with SQLite; leave --engine out")
    quick = options.quick
    events = options.events or (QUICK_EVENTS if quick else EVENTS)
    kills = options.kills or (QUICK_KILLS if quick else KILLS)
    minutes = options.minutes or (QUICK_MINUTES if quick else MINUTES)
    devices = options.devices or (QUICK_DEVICES if quick else DEVICES)
    rate = SPARE * events / (60 * minutes) / devices
    flush_s = FLUSH_S + FLUSH_S_PER_MINUTE * minutes
    making = ["--rate", f"{rate:.1f}", "--flush-s", f"{flush_s}"]
    chain = Chain(
        options.state.folder, devices={f"kerb-{n}": making for n in range(1, devices + 1)}, engine=options.engine,
        collectors=COLLECTORS[options.engine], embedded=options.broker == "embedded", mutant=options.mutant,
    )  # fmt: skip
    say(f"{devices} devices, {rate:.0f} events a second each; {kills} kills in {minutes:g} minutes; files in {chain.folder}")
    with running(chain):
        killed = Killing(chain, options, events, kills, 60 * minutes).run()
        say("the devices make no more events and deliver what waits")
        chain.finish(flush_s)
        say("history check: every number and every body, devices against database")
        found = chain.judge()
    return found.verdict(figures={
        "engine": options.engine, "collectors": COLLECTORS[options.engine], "broker": options.broker, "devices": devices,
        "kills": sum(killed.values()), **{f"kills of {kind}": number for kind, number in sorted(killed.items())},
        "restarts of what gave up by itself": chain.restarts, "minutes": round(options.state.notes["spent_s"] / 60, 1),
    })  # fmt: skip


class Killing:
    """The kills of a seed, from wherever an interrupted drill had come to."""

    def __init__(self, chain: Chain, options: argparse.Namespace, events: int, kills: int, seconds: float) -> None:
        self._chain, self._seed, self._state = chain, options.seed, options.state
        self._events, self._kills, self._seconds = events, kills, seconds
        self._victims = victims(chain)
        self._killed: Counter[str] = Counter(self._state.notes.get("killed", {}))
        self._spent_s: float = self._state.notes.get("spent_s", 0.0)
        self._say_at_s = 0.0

    def run(self) -> Counter[str]:
        done = sum(self._killed.values())
        chance = Random(self._seed)
        moments = sorted(chance.uniform(0, self._seconds) for _ in range(self._kills))
        kinds = list(islice(cycle(self._victims), self._kills))
        chance.shuffle(kinds)
        with progress_bar("kills", self._kills, quiet=False) as progress:
            for number in range(done, self._kills):
                self._let_pass(moments[number] - self._spent_s)
                self._chain.kill(chance.choice(self._victims[kinds[number]]))
                self._killed[kinds[number]] += 1
                progress(number + 1, None)
                self._save()
            while self._spent_s < self._seconds and self._chain.committed() < self._events:
                self._let_pass(1.0)
        self._save()
        return self._killed

    def _save(self) -> None:
        self._state.save(killed=dict(self._killed), spent_s=round(self._spent_s, 1))

    def _let_pass(self, seconds: float) -> None:
        since_s = time.monotonic()
        self._chain.look_after(seconds)
        self._spent_s += time.monotonic() - since_s
        if self._spent_s >= self._say_at_s:
            self._say_at_s = self._spent_s + SAY_EVERY_S
            say(f"{self._spent_s:5.0f} s  {self._chain.committed():8} committed  {sum(self._killed.values()):4} kills")


def victims(chain: Chain) -> dict[str, Sequence[str]]:
    """Kind -> its programs; each kind is hit as often."""
    kinds: dict[str, list[str]] = {"agent": list(chain.devices), "broker": ["broker"]}
    kinds["collector"] = [name for name in chain.programs if name.startswith("collector")]
    if "database" in chain.programs:
        kinds["database"] = ["database"]
    return dict(kinds)
