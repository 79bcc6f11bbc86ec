"""What time does to an agent. A week without network, time-scaled, with an outbox that overflows: its memory and its disk; then
the network is back, all incidents are delivered, a new one within 5 s. And agents and collector that just run: memory and
descriptors of both, judged from an hour on.

examples:
  ./scripts/drill soak --quick
  ./scripts/drill soak --minutes 10 --running-minutes 480
"""

import argparse
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

from scripts.drills.chain import Chain, running
from scripts.drills.judging import open_store, scan
from scripts.drills.options import positive
from scripts.drills.phases import run_phases
from scripts.drills.reconnecting import DOWN, behind_a_proxy, promise, reconnect
from scripts.drills.sampling import keep_running, rss_mb, slope, watch
from scripts.drills.verdict import Verdict

DAYS = 7
DAY_S = 86_400
MINUTES, QUICK_MINUTES = 10.0, 0.25  # that the week takes
RUNNING_MINUTES, QUICK_RUNNING_MINUTES = 60.0, 0.1
EVENTS, QUICK_EVENTS = 50_000, 6000  # of a week; 50,000: what two cameras say
CAP_BYTES, QUICK_CAP_BYTES = 16_000_000, 2_000_000  # less than they need
INCIDENT_EVERY = 50
SLOPE_MB_PER_DAY = 1.0
DISK_SHARE = 1.05
FLUSH_S = 300.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=positive, help=f"that the week takes; default {MINUTES:g}, quick {QUICK_MINUTES:g}")
    parser.add_argument(
        "--running-minutes", type=positive, help=f"plainly; default {RUNNING_MINUTES:g}, quick {QUICK_RUNNING_MINUTES:g}"
    )
    parser.add_argument("--rate", type=positive, default=20, help="events a second and device, running; default %(default)g")


def run(options: argparse.Namespace) -> Verdict:
    quick = options.quick
    minutes = options.minutes or (QUICK_MINUTES if quick else MINUTES)
    plain = options.running_minutes or (QUICK_RUNNING_MINUTES if quick else RUNNING_MINUTES)
    cap, events = (QUICK_CAP_BYTES, QUICK_EVENTS) if quick else (CAP_BYTES, EVENTS)
    chance = Random(options.seed)
    return run_phases(
        options.state,
        {
            "a week offline": partial(_week, seconds=60 * minutes, events=events, cap_bytes=cap, chance=chance),
            "running": partial(keep_running, seconds=60 * plain, rate=options.rate),
        },
    )


def _week(folder: Path, seconds: float, events: int, cap_bytes: int, chance: Random) -> Verdict:
    making = [f"--rate={events / seconds}", f"--scale={DAYS * DAY_S / seconds}", f"--incident-every={INCIDENT_EVERY}"]
    making += [f"--outbox-bytes={cap_bytes}", f"--flush-s={FLUSH_S}"]
    chain, proxy = behind_a_proxy(folder, chance, DOWN, {"kerb-1": making})
    outbox = folder / "kerb-1" / "outbox.db"
    with running(chain):
        pid = chain.programs["kerb-1"].pid
        samples = watch(chain, seconds, lambda: (rss_mb(pid), _disk_bytes(outbox)))
        took_s = reconnect(proxy, chain)
        chain.finish(FLUSH_S)
        found = chain.judge()
        shed_incidents = _shed_incidents(chain, outbox)
    slope_mb = slope([mb for mb, _ in samples]) / DAYS
    disk_bytes = max(size for _, size in samples)
    broken = promise(took_s)
    broken += [f"memory grew {slope_mb:.2f} MB a day, promised: < {SLOPE_MB_PER_DAY:g}"] if slope_mb >= SLOPE_MB_PER_DAY else []
    if disk_bytes > cap_bytes * DISK_SHARE:
        broken.append(f"disk {disk_bytes} bytes, promised: <= {cap_bytes * DISK_SHARE:.0f}")
    broken += [f"{shed_incidents} incidents were shed"] if shed_incidents else []
    broken += [] if found.named else ["the outbox did not overflow: nothing was shown"]
    figures = {
        "events a day": round(events / DAYS), "memory MB a day": round(slope_mb, 3), "memory MB": round(samples[-1][0], 1),
        "largest disk / cap": round(disk_bytes / cap_bytes, 3), "new incident committed after s": round(took_s, 2),
    }  # fmt: skip
    return found.verdict(broken, figures, may_shed=True)


def _disk_bytes(outbox: Path) -> int:
    """Everything that the agent keeps beside its outbox; only what it says to its log is the drill's."""
    return sum(file.stat().st_size for file in outbox.parent.iterdir() if file.suffix != ".log")


def _shed_incidents(chain: Chain, outbox: Path) -> int:
    """Notices name the stream of what was lost."""
    with closing(sqlite3.connect(outbox)) as card:
        streams = [stream for (stream,) in card.execute("SELECT stream FROM streams WHERE class = 'incident'")]
    with closing(open_store(chain.store)) as db:
        notices = scan(db, "SELECT stream, first, last FROM lost_notices")
        return sum(last - first + 1 for stream, first, last in notices if stream in streams)
