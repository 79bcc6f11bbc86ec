"""A model on trial in the field: who sees whom is counted, the live one never waits, and a trial that fails ends alone."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_agent.app import live, model_trial
from edge_agent.app.detecting import build_detector, build_trial
from edge_agent.app.live import Agent
from edge_agent.app.model_trial import ModelTrial, NoTrial
from edge_agent.config import DetectorConfig, ShadowModelConfig, load_config
from edge_agent.core.agreement import Agreement
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.types import NO_DETECTIONS, Detections, Frame
from edge_agent.detectors.catalogue import ModelError
from event_contract.messages import ModelTrialData
from tests.unit.drawn_road import drawn_road
from tests.unit.test_capture_command import road as road
from tests.wire_messages import CLOCK

OTHER = "nanodet-g-416-int8"
CAR, BUS, PERSON = 2, 5, 0


def seen(*rows: tuple[float, int, float]) -> Detections:
    """Boxes of one size by their left edge, class and score."""
    boxes = [[left, 0.4, left + 0.1, 0.6] for left, _, _ in rows]
    scores, classes = [score for *_, score in rows], [cls for _, cls, _ in rows]
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.array(classes, np.int32))


def test_each_road_user_is_counted_once() -> None:
    agreement = Agreement()
    agreement.add(
        seen((0.10, CAR, 0.9), (0.30, BUS, 0.8), (0.50, PERSON, 0.7), (0.7, CAR, 0.2)),
        seen((0.11, CAR, 0.6), (0.12, CAR, 0.5), (0.31, CAR, 0.9), (0.90, PERSON, 0.5), (0.7, CAR, 0.3)),
    )
    assert dict(agreement.both) == {"car": 1, "bus": 1}  # one is not two, and a bus is what the live one calls so
    assert dict(agreement.only_live) == {"person": 1}
    assert dict(agreement.only_shadow) == {"car": 1, "person": 1}
    agreement.add(NO_DETECTIONS, seen((0.1, CAR, 0.9)))
    agreement.add(seen((0.1, CAR, 0.9)), NO_DETECTIONS)
    assert (agreement.frames, agreement.only_shadow["car"], agreement.only_live["car"]) == (3, 2, 1)


def frame(index: int) -> Frame:
    return Frame("north", index, index / 10, drawn_road())


def wait_for(what: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_every_nth_frame_is_compared_and_what_comes_meanwhile_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_trial, "BUDGET", 1.0)
    eye = build_detector(DetectorConfig(model=OTHER, threads=1))
    trial = ModelTrial(eye, "nanodet-g-416", 2, ["north", "south"], "run1")
    found = build_detector(DetectorConfig()).detect(drawn_road())
    for index in range(40):
        trial.offer(frame(index), found)
    assert trial.tell(lambda: CLOCK) == []  # the hour is not over
    tally = trial._tallies["north"]
    wait_for(lambda: tally.agreement.frames + tally.skipped == 20)
    (event,) = trial.tell(lambda: CLOCK, last=True)
    body = event.body
    assert isinstance(body, ModelTrialData)
    assert (event.event_class, body.camera, body.live, body.shadow) == ("telemetry", "north", "nanodet-g-416", OTHER)
    assert body.shadow_sha256 == eye.model.sha256
    assert body.frames >= 1 and body.frames + body.skipped == 20
    assert body.classes["car"].both == 2 * body.frames
    assert trial.tell(lambda: CLOCK, last=True) == []


def test_a_trial_that_fails_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = ModelTrial(build_detector(DetectorConfig()), "live", 1, ["north"], "run1")
    trial.offer(Frame("north", 0, 0.0, np.empty((0, 0, 3), np.uint8)), NO_DETECTIONS)
    wait_for(lambda: trial.problem is not None)
    trial.offer(frame(1), NO_DETECTIONS)
    assert trial._tallies["north"].skipped == 0 and trial.tell(lambda: CLOCK, last=True) == []


def test_without_one_nothing_is_built() -> None:
    assert isinstance(build_trial(DetectorConfig(), ["north"], "run1"), NoTrial)
    with pytest.raises(ModelError, match="no-such"):
        build_trial(DetectorConfig(shadow=ShadowModelConfig("no-such")), ["north"], "run1")


def test_an_agent_tells_the_comparison_when_it_stops(road: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FLUSH_S", 0.0)
    site = road / "trial.toml"
    text = (road / "site.toml").read_text().replace('"data"', f'"{tmp_path}"')
    site.write_text(text.replace("[broker]", f'[detector.shadow]\nmodel = "{OTHER}"\nevery_n = 2\n[broker]'))
    agent = Agent(load_config(site), site)
    heard: list[Outgoing] = []
    stop_on = agent._trial

    def hear(event: Outgoing) -> None:
        heard.append(event)
        assert isinstance(stop_on, ModelTrial)
        if stop_on._tallies["north"].agreement.frames:
            agent.stop()

    agent.run(hear)
    (told,) = [event.body for event in heard if isinstance(event.body, ModelTrialData)]
    assert told.frames >= 1 and told.classes["car"].both >= 1
