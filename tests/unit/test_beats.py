"""Who works beside the watch waits for as long as need be, but what he has begun may not take for ever."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from edge_agent.app import model_trial, stills
from edge_agent.app.model_trial import ModelTrial
from edge_agent.app.stills import NoStills, Stills
from edge_agent.config import StillsConfig
from edge_agent.core.health.progress import Beat, stuck
from edge_agent.core.types import NO_DETECTIONS
from edge_agent.field import desk as field_desk
from edge_agent.field.desk import Desk, ask
from edge_agent.field.recent import Recent
from event_contract.commands import StillRequest
from tests.unit.test_model_trial import frame, wait_for

WITHIN_S = 0.1


class Hang:
    """Called, it does not return until it is let go."""

    def __init__(self) -> None:
        self.called, self.let_go = threading.Event(), threading.Event()

    def __call__(self, *given: Any) -> Any:
        self.called.set()
        assert self.let_go.wait(60)
        return given[0] if given else None


def hangs_only_meanwhile(beat: Callable[[], Beat | None], begin: Callable[[], object], hang: Hang) -> None:
    def is_stuck() -> bool:
        now = beat()
        assert now is not None
        return bool(stuck(time.monotonic(), {"it": now}))

    time.sleep(2 * WITHIN_S)
    assert not is_stuck()  # nobody wants anything
    begin()
    assert hang.called.wait(60)
    wait_for(is_stuck)
    hang.let_go.set()
    wait_for(lambda: not is_stuck())


def test_the_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_desk, "WITHIN_S", WITHIN_S)
    hang = Hang()
    desk = Desk(tmp_path, hang)
    desk.open()
    asking = threading.Thread(target=ask, args=(tmp_path, b"how are you"))
    hangs_only_meanwhile(lambda: desk.beat, asking.start, hang)
    asking.join()
    desk.close()


def test_stills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills, "WITHIN_S", WITHIN_S)
    hang = Hang()
    keeper = Stills(StillsConfig("http://127.0.0.1:9"), tmp_path / "site.toml", {}, Recent(()))
    keeper.open(hang)
    asked = StillRequest(id="r1", camera="gone", incident="i", at="2026-03-02T00:00:00.000Z", token="t", within_s=60)
    hangs_only_meanwhile(lambda: keeper.beat, lambda: keeper.take(msgspec.json.encode(asked)), hang)
    keeper.close()
    assert NoStills().beat is None


def test_a_trial_whose_network_never_answers_is_told_and_restarts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_trial, "HANGS_S", WITHIN_S)
    hang = Hang()
    trial = ModelTrial(SimpleNamespace(detect=lambda pixels: hang(NO_DETECTIONS)), "live", 1, ["north"], "run1")  # type: ignore[arg-type]
    time.sleep(2 * WITHIN_S)
    assert trial.problem is None
    trial.offer(frame(0), NO_DETECTIONS)
    wait_for(lambda: trial.problem is not None)
    assert str(trial.problem).startswith("its network has not answered")
    hang.let_go.set()
    wait_for(lambda: trial.problem is None)
