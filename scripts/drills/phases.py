"""A drill of several parts: each in a folder of its own, and none done twice when an interrupted drill goes on."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.drills.chain import say
from scripts.drills.state import State
from scripts.drills.verdict import Verdict

Phase = Callable[[Path], Verdict]


def run_phases(state: State, phases: Mapping[str, Phase]) -> Verdict:
    """One verdict of all."""
    done: dict[str, dict[str, Any]] = state.notes.get("done", {})
    for name, phase in phases.items():
        if name in done:
            say(f"{name}: done before")
            continue
        say(name)
        folder = state.folder / name.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        found = phase(folder)
        broken = [f"{name}: {line}" for line in found.broken]
        done[name] = {"lost": found.lost, "duplicated": found.duplicated, "broken": broken, "figures": dict(found.figures)}
        state.save(done=done)
    verdicts = [done[name] for name in phases]
    return Verdict(
        sum(one["lost"] for one in verdicts), sum(one["duplicated"] for one in verdicts),
        tuple(line for one in verdicts for line in one["broken"]),
        {f"{name}: {what}": figure for name, one in done.items() for what, figure in one["figures"].items()},
    )  # fmt: skip
