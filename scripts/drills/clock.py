"""Devices whose clock is wrong: one starts in 1970, one three days behind, one a day ahead; later each is set right, one
of them after its agent was killed. One never is. No event may be dropped, every one must say how its time is known, and once a
device is synchronised the times of all that it has said since its boot must be right within a second.

examples:
  ./scripts/drill clock --quick
  ./scripts/drill clock --minutes 10
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import msgspec

from edge_agent.cli.options import progress_bar
from event_contract.messages import Clock
from scripts.drills.chain import Chain, running, say
from scripts.drills.judging import open_store, scan
from scripts.drills.options import positive
from scripts.drills.verdict import Verdict

DAY_S = 86_400.0
MINUTES, QUICK_MINUTES = 3.0, 0.12
SYNCED_AFTER = 0.6  # of the time
START_S = 10.0  # until broker, collector and devices are up, on a busy machine too
RATE = 20
ERROR_S = 1.0
NEVER = "kerb-never"
FLUSH_S = 120.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=positive, help=f"how long; default {MINUTES:g}, quick {QUICK_MINUTES:g}")


def run(options: argparse.Namespace) -> Verdict:
    seconds = 60 * (options.minutes or (QUICK_MINUTES if options.quick else MINUTES))
    making = ["--rate", f"{RATE}", "--flush-s", f"{FLUSH_S}"]
    off_s = {"kerb-1970": -time.time(), "kerb-behind": -3 * DAY_S, "kerb-ahead": DAY_S, "kerb-right": 0.0}
    sync_at_s = time.monotonic() + START_S + SYNCED_AFTER * seconds
    setting = {name: [*making, f"--off-s={off}", f"--sync-at-s={sync_at_s}"] for name, off in off_s.items()}
    setting[NEVER] = [*making, f"--off-s={-time.time()}", "--sync-at-s=inf"]
    chain = Chain(options.state.folder, devices=setting)
    truth_s = time.time() - time.monotonic()  # the devices' monotonic clock is this machine's
    with running(chain), progress_bar("seconds", round(seconds), quiet=False) as progress:
        chain.look_after(max(0.0, sync_at_s - SYNCED_AFTER * seconds - time.monotonic()))
        for second in range(round(seconds)):
            chain.look_after(1.0)
            progress(second, None)
            if second == round(seconds * SYNCED_AFTER / 2):
                say("kerb-behind is killed and starts again, its clock not set yet")
                chain.kill("kerb-behind")
        chain.finish(FLUSH_S)
        found = chain.judge()
        times = list(_times(chain))
    known = [one for one in times if one.device != NEVER]
    wrong = [one for one in known if abs(one.at - truth_s - one.mono_s) > ERROR_S]
    before = Counter(one.device for one in times if not one.synced_then)
    labels = Counter(one.clock for one in times)
    unlabelled = [one for one in times if one.clock != one.expected]
    broken = [f"{len(wrong)} events are off by more than {ERROR_S:g} s, as {wrong[0]}"] if wrong else []
    broken += [f"{len(unlabelled)} events say wrongly how their time is known, as {unlabelled[0]}"] if unlabelled else []
    broken += [f"{name}: said nothing before its clock was set" for name, off in off_s.items() if off and not before[name]]
    worst_s = max((abs(one.at - truth_s - one.mono_s) for one in known), default=0.0)
    figures = {
        "largest error s": round(worst_s, 3), **{f"events {label}": number for label, number in sorted(labels.items())},
        **{f"of {name} before it was set": number for name, number in sorted(before.items())},
    }  # fmt: skip
    return found.verdict(broken, figures)


class Time(msgspec.Struct, frozen=True):
    """What the store says of an event's time; `synced_then`: what the device said of its clock."""

    device: str
    clock: str
    at: float
    mono_s: float
    synced_then: bool

    @property
    def expected(self) -> str:
        if self.device == NEVER:
            return "unsynced"
        return "synced" if self.synced_then else "corrected"


def _times(chain: Chain) -> Iterator[Time]:
    with closing(open_store(chain.store)) as db:
        for device, clock, at, payload in scan(db, "SELECT device, clock, at, payload FROM events"):
            said = msgspec.json.decode(payload, type=_Event).data.clock
            yield Time(device, clock, at, said.mono_s, said.synced)


class _Body(msgspec.Struct):
    clock: Clock


class _Event(msgspec.Struct):
    data: _Body
