"""Devices behind a line with faults: their return to the network, and how long a new incident takes then."""

import signal
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from edge_agent.cli.options import progress_bar
from scripts.drills.chain import Chain
from scripts.drills.judging import open_store, scan, waiting
from scripts.drills.programs import Program, wait_until
from scripts.drills.proxy import Line, Proxy

COMMITTED_WITHIN_S = 300.0
PROMISE_S = 5.0
DOWN, OPEN = Line("down"), Line()


def behind_a_proxy(folder: Path, chance: Random, line: Line, devices: Mapping[str, Sequence[str]]) -> tuple[Chain, Proxy]:
    chain = Chain(folder, devices={})
    proxy = Proxy(chain.mqtt_port, chance, line)
    chain.add_devices(devices, proxy.port)
    return chain, proxy


def reconnect(proxy: Proxy, chain: Chain) -> float:
    """The network comes back, and at that moment an incident happens: seconds until the database holds it."""
    device = chain.programs["kerb-1"]
    proxy.become(OPEN)
    since_s = time.monotonic()
    device.signal(signal.SIGUSR1)
    wait_until(lambda: marked(device) is not None, 10, "the device marks an incident")
    alert = f"{device.name}/{marked(device)}"
    wait_until(lambda: _holds(chain.store, alert), COMMITTED_WITHIN_S, "the marked incident is in the database")
    return time.monotonic() - since_s


def marked(device: Program) -> str | None:
    lines = device.log.read_text(errors="replace").splitlines()
    return next((line.partition(" ")[2] for line in reversed(lines) if line.startswith("marked ")), None)


def _holds(store: Path | str, alert: str) -> bool:
    with closing(open_store(store)) as db:
        return any(scan(db, f"SELECT 1 FROM alerts WHERE id = '{alert}'"))


def watch(outbox: Path, what: str, total: int, reached: Callable[[int], bool]) -> None:
    """Draw how many wait, until that is enough or few enough."""
    with progress_bar(what, total, quiet=False) as progress:
        while not reached(count := _count(outbox)):
            progress(count, None)
            time.sleep(0.1)


def _count(outbox: Path) -> int:
    try:
        return waiting(outbox)
    except sqlite3.OperationalError:
        return 0  # it is just being made


def promise(took_s: float) -> list[str]:
    """What is broken when a new incident took so long."""
    late = f"a new incident was committed {took_s:.1f} s after the network was back, promised: {PROMISE_S:g} s"
    return [late] if took_s > PROMISE_S else []
