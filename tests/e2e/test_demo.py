"""The demo as a user starts it: the real chain, and a last line that can be trusted."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import takewhile
from pathlib import Path

import pytest

from tests.clips import ROAD_SCENE, write_clip
from tests.e2e.demos import ROOT, demo, figures

pytestmark = pytest.mark.alone  # roads are painted and looked at as it happens


def test_without_a_clip_two_roads_are_simulated_and_what_is_staged_arrives() -> None:
    finished = demo("--headless", "--seconds", "28", "--lang", "en")
    alerts, _, missing = figures(finished)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert alerts >= 1 and missing == 0 and "MISSED" not in finished.stdout
    assert re.search(r"staged +pedestrian +quy-nhon .*its alert came after +\d", finished.stdout)


@contextmanager
def running(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A demo as from a terminal, and its lines up to the one that says what it watches."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.demonstration", *arguments], cwd=ROOT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("watching"):
                break
        yield process, lines
    finally:
        process.terminate()
        process.communicate(timeout=60)


def of_folder(folder: str) -> list[int]:
    """Processes that were started with a path in this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if folder.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def test_ctrl_c_ends_it_in_order_and_leaves_nothing() -> None:
    with running() as (process, lines):
        (folder,) = (line.split()[1] for line in lines if line.startswith("files"))
        assert "first the truth of 120 s is worked out" in lines[0] and "until Ctrl-C" in lines[-1]
        assert of_folder(folder)
        assert process.stdout is not None
        coming = list(takewhile(lambda line: "unannounced" not in line, process.stdout))
        assert coming and all(re.match(r"coming .* staged at +\d", line) for line in coming)
        process.send_signal(signal.SIGINT)
        said, wrong = process.communicate(timeout=60)
    assert process.returncode == 130, said + wrong
    assert re.fullmatch(r"alerts=\d+ events=\d+ lost=0", said.splitlines()[-1]) and "MISSED" not in said
    assert "Traceback" not in wrong
    assert not of_folder(folder) and not Path(folder).exists()


def test_a_collector_that_dies_is_said(tmp_path: Path) -> None:
    scene, kept = tmp_path / "scene.json", tmp_path / "kept"
    scene.write_text(json.dumps(ROAD_SCENE))
    with running(write_clip(tmp_path / "clip.avi"), "--scene", scene, "--keep", kept) as (process, _):
        os.kill(int((kept / "collector" / "lock").read_text().split()[1]), signal.SIGKILL)
        _, wrong = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "demo: collector ended with status -9" in wrong and "Traceback" not in wrong


def test_a_clip_that_is_none_is_said(tmp_path: Path) -> None:
    scene = tmp_path / "scene.json"
    scene.write_text(json.dumps(ROAD_SCENE))
    finished = demo(scene, "--scene", scene, "--headless", "--seconds", "6")
    assert finished.returncode == 1
    assert "cannot be decoded" in finished.stderr and "Traceback" not in finished.stderr
    wrong = demo(write_clip(tmp_path / "clip.avi"), "--scene", ROOT / "README.md", "--headless", "--seconds", "6")
    assert wrong.returncode == 2
    assert "not valid JSON" in wrong.stderr and "Traceback" not in wrong.stderr


@pytest.mark.parametrize("arguments", [("--scene", "north.json"), ("road.mp4",), ("--reverse",)])
def test_half_of_what_a_clip_needs_is_wrong_use(arguments: tuple[str, ...]) -> None:
    finished = demo(*arguments, "--headless")
    assert finished.returncode == 2
    assert "simulated" in finished.stderr and "Traceback" not in finished.stderr


def test_a_planted_loss_is_counted(tmp_path: Path) -> None:
    """One stored event of a finished demo is deleted by hand: the history check, which gave the demo's last line, sees it."""
    scene = tmp_path / "scene.json"
    scene.write_text(json.dumps(ROAD_SCENE))
    clip = write_clip(tmp_path / "clip.avi")
    finished = demo(clip, "--scene", scene, "--headless", "--seconds", "15", "--keep", tmp_path / "kept")
    assert finished.returncode == 0, finished.stderr
    assert figures(finished)[2] == 0
    store = tmp_path / "kept" / "collector" / "collector.sqlite"
    assert history(tmp_path / "kept", store) == (0, "lost=0")
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("DELETE FROM events WHERE rowid = (SELECT min(rowid) FROM events)")
        connection.commit()
    assert history(tmp_path / "kept", store) == (1, "lost=1")


def history(kept: Path, store: Path) -> tuple[int, str]:
    """Exit status and last line of the history check on a stopped demo's files."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT stream, seq FROM events").fetchall()
    streams = [{"stream": name, "ranges": [[seq, seq] for of, seq in rows if of == name]} for name in {row[0] for row in rows}]
    finished = subprocess.run(
        [sys.executable, "scripts/history.py", kept / "agent" / "outbox.db", "-"], cwd=ROOT,
        input=json.dumps({"streams": streams}), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return finished.returncode, finished.stdout.strip().splitlines()[-1]
