"""The quick slice of `./scripts/drill kill`: its verdict, and that it tells a loss when there is one."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.drills.chain import Chain, running
from scripts.drills.judging import judge, waiting
from tests.brokers import wait_until

ROOT = Path(__file__).resolve().parents[2]
SEED = os.environ.get("SEED", "20260302")
pytestmark = pytest.mark.chain


def test_nothing_is_lost_and_nothing_stored_twice() -> None:
    """With either broker, at once: they wait most of their time."""
    command = [sys.executable, "-m", "scripts.drills", "kill", "--quick", "--seed", SEED]
    parts = (["--broker", "mosquitto"], ["--broker", "embedded", "--kills", "10", "--minutes", "0.2"])
    with ExitStack() as running_drills:
        drills = [
            running_drills.enter_context(
                subprocess.Popen([*command, *part], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            )
            for part in parts
        ]
        for drill in drills:
            told, _ = drill.communicate()
            assert (drill.returncode, told.splitlines()[-1]) == (0, "lost=0 duplicated=0 verdict=PASS"), told


def test_a_planted_loss_is_seen(tmp_path: Path) -> None:
    """One row is deleted by hand before it was sent."""
    chain = Chain(tmp_path, devices={"kerb-1": []})
    device, outbox = chain.programs["kerb-1"], tmp_path / "kerb-1" / "outbox.db"
    device.start()
    try:
        wait_until(lambda: device.is_up() and waiting(outbox) >= 20, 20, "nothing is committed")
    finally:
        device.kill()
    with sqlite3.connect(outbox) as connection:
        (key,) = connection.execute("SELECT key FROM messages ORDER BY key LIMIT 1 OFFSET 2").fetchone()
        connection.execute("DELETE FROM messages WHERE key = ?", (key,))
    connection.close()
    with running(chain):
        chain.finish(60)
    found = judge([outbox.parent], chain.store)
    assert (found.lost, found.duplicated) == (1, 0)
    assert any("[(3, 3)]" in line for line in found.broken)


def test_an_interrupted_drill_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.drills", "kill", "--quick", "--state", str(tmp_path)]
    first = [*command, "--seed", SEED, "--kills", "2", "--minutes", "0.3"]
    interruptible = ["env", "--default-signal=INT"]  # in the background of a shell it is ignored
    drill = subprocess.Popen([*interruptible, *first], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert drill.stdout is not None
    next(line for line in drill.stdout if "files in" in line)
    time.sleep(4)  # of 18: in the middle of it
    drill.send_signal(signal.SIGINT)
    assert drill.wait(60) == 130
    done = subprocess.run([*command, "--resume"], cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    assert (done.returncode, said[0], said[-1]) == (0, f"seed={SEED}", "lost=0 duplicated=0 verdict=PASS"), done.stderr
