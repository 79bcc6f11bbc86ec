"""The quick slices of the drills, as ./scripts/drill runs them. That of `kill` has a file of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEED = os.environ.get("SEED", "20260302")
SLICES = ["clock", "outage", "soak", "unwell"]
MUTANT = ("unwell", "--mutant", "fed-by-a-timer")


def drill(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.drills", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """All at once, for they wait most of their time; in folders named from where they are called, as the default is."""
    scratch = tmp_path_factory.mktemp("drills")
    with ExitStack() as running:
        whole = {name: running.enter_context(begun(os.path.relpath(scratch / name, ROOT), name)) for name in SLICES}
        yield {**whole, "mutant": running.enter_context(begun(os.path.relpath(scratch / "mutant", ROOT), *MUTANT))}


def begun(folder: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "scripts.drills", *arguments, "--quick", "--seed", SEED, "--state", folder]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.chain
@pytest.mark.parametrize("name", SLICES)
def test_the_quick_slice_passes(slices: dict[str, subprocess.Popen[str]], name: str) -> None:
    told, _ = slices[name].communicate()
    said = told.splitlines()
    assert (slices[name].returncode, said[0]) == (0, f"seed={SEED}"), told
    assert said[-1] == "lost=0 duplicated=0 verdict=PASS"


@pytest.mark.chain
def test_a_watchdog_that_a_timer_feeds_does_not_pass(slices: dict[str, subprocess.Popen[str]]) -> None:
    told, _ = slices["mutant"].communicate()
    assert slices["mutant"].returncode == 1, told
    assert "broken: a main loop that hangs: started again: not within 20 s" in told
    assert told.splitlines()[-1] == "lost=0 duplicated=0 verdict=FAIL"


def test_help_names_every_drill() -> None:
    said = drill("--help").stdout
    assert all(f"  {name} " in said for name in ("kill", "power", "outage", "clock", "disk", "unwell", "soak"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["flood"], ["clock", "--events", "3"], ["clock", "--minutes", "0"], ["clock", "--resume", "--state", "/nowhere"],
        ["kill", "--quick", "--engine", "postgres", "--broker", "embedded"],
    ],
)  # fmt: skip
def test_wrong_use_is_told_with_status_2(arguments: list[str]) -> None:
    done = drill(*arguments)
    assert done.returncode == 2 and done.stderr and "Traceback" not in done.stderr


def test_a_folder_that_is_no_drills_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert drill("clock", "--quick", "--state", str(tmp_path)).returncode == 2
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
