"""Networks that fail between the devices and the broker: off and on in the patterns of mobile networks (time-scaled); a black
hole, in which connections stand and nothing arrives; a satellite with 600 ms and 2 % of packets late. Nothing may be lost.
Last, a device comes back with 100,000 events queued: a new incident must be in the database within 5 s.

examples:
  ./scripts/drill outage --quick
  ./scripts/drill outage --scale 10               an offline minute is six seconds
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from scripts.drills.chain import Chain, running, say
from scripts.drills.options import count, positive
from scripts.drills.phases import run_phases
from scripts.drills.proxy import Line, Proxy
from scripts.drills.reconnecting import DOWN, OPEN, behind_a_proxy, promise, reconnect, watch
from scripts.drills.verdict import Verdict

PATTERNS_MIN = ((5, 5), (10, 10), (15, 15), (30, 30), (5, 20))  # offline, online
SCALE, QUICK_SCALE = 60.0, 1500.0
BLACK_HOLE_S, QUICK_BLACK_HOLE_S = 60.0, 9.0  # the keep-alive of the drill's devices is 5 s
SATELLITE = Line(delay_s=0.3, stall_share=0.02, stall_s=1.5)
SATELLITE_S, QUICK_SATELLITE_S = 60.0, 5.0
QUEUED, QUICK_QUEUED = 100_000, 4_000
INCIDENT_EVERY = 100  # in what is queued
FLUSH_S = 300.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scale", type=positive, help=f"seconds of an outage in one; default {SCALE:g}, quick {QUICK_SCALE:g}")
    parser.add_argument("--queued", type=count, help=f"events waiting at the reconnect; default {QUEUED}, quick {QUICK_QUEUED}")
    parser.add_argument("--rate", type=positive, default=30, help="events a second and device; default %(default)g")


def run(options: argparse.Namespace) -> Verdict:
    quick, chance = options.quick, Random(options.seed)
    scale = options.scale or (QUICK_SCALE if quick else SCALE)
    line = partial(_under, rate=options.rate, chance=chance)
    return run_phases(
        options.state,
        {
            "off and on": line(lambda proxy, chain: _off_and_on(proxy, chain, 60 / scale)),
            "black hole": line(_holding(Line("black_hole"), QUICK_BLACK_HOLE_S if quick else BLACK_HOLE_S)),
            "satellite": line(_holding(SATELLITE, QUICK_SATELLITE_S if quick else SATELLITE_S)),
            "queued": partial(_queued, events=options.queued or (QUICK_QUEUED if quick else QUEUED), chance=chance),
        },
    )


def _under(faults: Callable[[Proxy, Chain], None], rate: float, chance: Random) -> Callable[[Path], Verdict]:
    """Two devices make events while the line between them and the broker suffers."""

    def phase(folder: Path) -> Verdict:
        chain, proxy = behind_a_proxy(folder, chance, OPEN, {name: ["--rate", f"{rate}"] for name in ("kerb-1", "kerb-2")})
        with running(chain):
            chain.look_after(1.0)
            faults(proxy, chain)
            proxy.become(OPEN)
            chain.finish(FLUSH_S)
            return chain.judge().verdict()

    return phase


def _off_and_on(proxy: Proxy, chain: Chain, minute_s: float) -> None:
    for off, on in PATTERNS_MIN:
        say(f"{off} min off, {on} min on (a minute is {minute_s:.2f} s)")
        proxy.become(DOWN)
        chain.look_after(off * minute_s)
        proxy.become(OPEN)
        chain.look_after(on * minute_s)


def _holding(line: Line, seconds: float) -> Callable[[Proxy, Chain], None]:
    def hold(proxy: Proxy, chain: Chain) -> None:
        proxy.become(line)
        chain.look_after(seconds)

    return hold


def _queued(folder: Path, events: int, chance: Random) -> Verdict:
    """A device makes its events without a network, and gets it back."""
    making = ["--burst", f"{events}", "--rate", "5", "--incident-every", f"{INCIDENT_EVERY}", "--flush-s", f"{FLUSH_S}"]
    chain, proxy = behind_a_proxy(folder, chance, DOWN, {"kerb-1": making})
    outbox = folder / "kerb-1" / "outbox.db"
    with running(chain):
        watch(outbox, "queued", events, lambda count: count >= events)
        took_s = reconnect(proxy, chain)
        since_s = time.monotonic()
        watch(outbox, "waiting", events, lambda count: count < INCIDENT_EVERY)
        drained_s = time.monotonic() - since_s + took_s
        chain.finish(FLUSH_S)
        found = chain.judge()
    figures = {
        "one incident in": INCIDENT_EVERY, "new incident committed after s": round(took_s, 2),
        "all delivered after s": round(drained_s, 1), "events a second": round(events / drained_s),
    }  # fmt: skip
    return found.verdict(promise(took_s), figures)
