"""Processes watched while time passes: memory, descriptors, and what they grow by."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import linear_regression
from typing import TypeVar

from edge_agent.cli.options import progress_bar
from scripts.drills.chain import Chain, running
from scripts.drills.verdict import Figure, Verdict

Sample = TypeVar("Sample")

SAMPLES = 56  # eight a day of a week
SETTLED = 8  # the first ones do not count: caches fill
JUDGED_FROM_S = 3600.0
SLOPE_MB_PER_HOUR = 1.0
SPARE_DESCRIPTORS = 4
FLUSH_S = 300.0


def watch(chain: Chain, seconds: float, look: Callable[[], Sample]) -> list[Sample]:
    """Looks spread evenly over the time."""
    samples = []
    with progress_bar("samples", SAMPLES, quiet=False) as progress:
        for number in range(SAMPLES):
            chain.look_after(seconds / SAMPLES)
            samples.append(look())
            progress(number + 1, None)
    return samples


def slope(samples: Sequence[float]) -> float:
    """By how much they would have grown in the whole time at the pace of the settled ones."""
    return linear_regression(range(SETTLED, len(samples)), samples[SETTLED:]).slope * len(samples)


def keep_running(folder: Path, seconds: float, rate: float) -> Verdict:
    """Two agents and a collector under an even load: their growth is told and judged from an hour on."""
    chain = Chain(folder, devices={name: [f"--rate={rate}", f"--flush-s={FLUSH_S}"] for name in ("kerb-1", "kerb-2")})
    with running(chain):
        pids = {name: chain.programs[name].pid for name in ("kerb-1", "collector-1")}
        samples = watch(chain, seconds, lambda: {name: (rss_mb(pid), _descriptors(pid)) for name, pid in pids.items()})
        chain.finish(FLUSH_S)
        found = chain.judge()
    figures: dict[str, Figure] = {"events a second": 2 * rate, "minutes": round(seconds / 60, 1)}
    broken: list[str] = []
    for name in pids:
        memory, descriptors = zip(*(sample[name] for sample in samples), strict=True)
        grown_mb = slope(memory) / (seconds / 3600)
        figures |= {f"{name} MB": round(memory[-1], 1), f"{name} descriptors": descriptors[-1]}
        if seconds >= JUDGED_FROM_S:
            figures[f"{name} MB an hour"] = round(grown_mb, 2)
        if seconds >= JUDGED_FROM_S and grown_mb >= SLOPE_MB_PER_HOUR:
            broken.append(f"{name}: memory grew {grown_mb:.2f} MB an hour, promised: < {SLOPE_MB_PER_HOUR:g}")
        if descriptors[-1] > descriptors[SETTLED] + SPARE_DESCRIPTORS:
            broken.append(f"{name}: descriptors grew from {descriptors[SETTLED]} to {descriptors[-1]}")
    return found.verdict(broken, figures)


def rss_mb(pid: int) -> float:
    """Resident memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
