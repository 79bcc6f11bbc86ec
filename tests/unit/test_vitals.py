"""What the main loop does for its device: systemd hears of it, and a worker that hangs is named."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.app.vitals import SINK_WITHIN_S, FrameRates, Vitals
from edge_agent.config import load_config
from edge_agent.core.health.progress import Beat
from edge_agent.sinks.mqtt import EventSink
from edge_agent.sinks.outbox import Outbox
from tests.unit.outbox_parts import origin
from tests.unit.test_live import site_in


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[EventSink]:
    """Nobody starts it: it makes no progress."""
    config = load_config(site_in(tmp_path))
    outbox = Outbox.open(tmp_path / "outbox.db", origin(), config.outbox)
    yield EventSink(outbox, config.broker, origin(), lambda error: None)
    outbox.close()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def test_systemd_hears_how_the_device_is(tmp_path: Path, sink: EventSink, manager: socket.socket) -> None:
    site = tmp_path / "site.toml"
    (tmp_path / "data").mkdir()
    others: dict[str, Beat | None] = {"stills": None}
    vitals = Vitals(load_config(site), site, origin(), {}, sink, lambda: others)
    vitals.open()
    (state,) = vitals.turn()
    assert state.event_class == "state" and vitals.turn() == []  # it is judged once a second
    sink._beat_s = time.monotonic() - SINK_WITHIN_S - 1
    assert vitals.overdue() == ("event-sink",)
    assert vitals.board.snapshot().items[0].value == "event-sink"
    others["page"] = Beat(time.monotonic() - 2, 1.0)
    assert vitals.overdue() == ("event-sink", "page")
    assert vitals.stopping() == []
    vitals.close()
    heard = [manager.recv(500).decode() for _ in range(3)]
    assert heard[0] == "READY=1" and heard[1].startswith("STATUS=") and heard[2] == "STOPPING=1"


def test_frames_a_second_are_those_of_the_last_half_minute() -> None:
    rates = FrameRates()
    assert rates.update("north", 0.0, 0) is None
    assert rates.update("north", 10.0, 100) == 10.0
    for at_s in range(11, 42):
        told = rates.update("north", float(at_s), 100 + 5 * (at_s - 10))
    assert told == 5.0
    assert rates.update("south", 41.0, 7) is None
