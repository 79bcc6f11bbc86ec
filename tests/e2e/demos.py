"""The demo run to its end, and the figures of its last line."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def demo(*arguments: str | Path, timeout_s: float = 150) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.demonstration", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def figures(finished: subprocess.CompletedProcess[str]) -> tuple[int, int, int]:
    """alerts, events, lost of the last line."""
    last = finished.stdout.strip().splitlines()[-1]
    found = re.fullmatch(r"alerts=(\d+) events=(\d+) lost=(\d+)", last)
    assert found, finished.stdout + finished.stderr
    return int(found[1]), int(found[2]), int(found[3])
