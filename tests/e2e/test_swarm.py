"""A small swarm against a real mosquitto and a real collector, on bad networks, the broker killed meanwhile."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge_agent.core.failure import Failure
from scripts.swarms.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ["--broker", "127.0.0.1:1", "--collector", "http://127.0.0.1:1"]
WAITS = ["--first-wait", "1", "--longest-wait", "4", "--keep-alive", "5"]


def swarm(*options: str) -> tuple[dict[str, Any], str, int]:
    command = [sys.executable, "-m", "scripts.swarms", "--json", "--seed", "7", *options]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150)
    assert finished.returncode in (0, 1), finished.stdout + finished.stderr
    first, *_, figures, last = finished.stdout.splitlines()
    assert first == "seed=7"
    return json.loads(figures), last, finished.returncode


@pytest.mark.chain
def test_fifty_devices_lose_nothing_though_their_networks_and_their_broker_fail() -> None:
    options = ["--devices", "50", "--minutes", "0.12", "--every", "1", "--burst", "3", "--burst-every", "4", "--processes", "2"]
    broken = ["--restart-broker-at", "0.04", "--outage-share", "0.1", "--outage-s", "1", "--outbox", "memory"]
    figures, last, code = swarm(*options, *broken, *WAITS)
    assert (last, code) == ("lost=0 duplicated=0 verdict=PASS", 0), figures
    assert figures["events_stored"] == figures["events_committed"] > 300
    assert figures["broker_restart_1_cut"] > 25


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--collector", "http://127.0.0.1:1"], "needs --broker"),
        (["--broker", "127.0.0.1:1", "--restart-broker-at", "1"], "started itself"),
        ([*FOREIGN, "--token-file", "none"], "--token-file none: "),
        ([*FOREIGN, "--token-file", "pyproject.toml"], "check --collector"),
        (["--devices", "90000000"], "the hard limit is"),
    ],
)
def test_what_cannot_come_to_a_verdict_is_said_before_it_begins(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((SystemExit, Failure)) as refused:
        main(options)
    assert told in capsys.readouterr().err + str(refused.value)
