"""The scorecard: figures that were worked out by hand or stand in tables, and verdicts of a real store."""

from contextlib import closing
from functools import partial

import pytest

from collector.core import scorecard
from collector.core.delivery import Received
from collector.core.life import Word
from collector.core.scorecard import Told
from collector.store.alerts import acting, scoring
from event_contract import topics
from event_contract.messages import encode
from event_contract.presence import CameraBirth
from event_contract.times import format_time
from tests.databases import StoreDatabase
from tests.wire_messages import DEVICE, STREAM, birth, event, incident

NOW = 1_772_410_521.0


@pytest.mark.parametrize(  # Garwood's table
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.36, 121.63)],
)
def test_the_poisson_interval_is_that_of_the_tables(count: int, low: float, high: float) -> None:
    assert scorecard.poisson_interval(count) == pytest.approx((low, high), abs=0.006)


def test_the_wilson_interval() -> None:
    assert scorecard.wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=0.0005)
    assert scorecard.wilson_interval(0, 3)[0] == 0.0 and scorecard.wilson_interval(3, 3)[1] == pytest.approx(1.0)


def told(began_s: float, verdict: object = None, **more: object) -> Told:
    given = {"device": "d", "camera": "c", "kind": "fire", "rule_version": 1, "model": None, "ended_s": began_s + 5}
    return Told(**{**given, "began_s": began_s, "verdict": verdict, **more})  # type: ignore[arg-type]


def test_what_nobody_judged_is_in_no_figure() -> None:
    rows = scorecard.score([told(0, "confirmed", delay_s=4.0), told(100, "rejected"), told(200)], {("d", "c"): 2.0})
    [row] = rows
    assert (row["alerts"], row["confirmed"], row["rejected"], row["unjudged"]) == (3, 1, 1, 1)
    assert (row["precision"], row["false_per_camera_day"], row["delay_s"]) == (0.5, 0.5, 4.0)
    assert row["false_per_camera_day_95"] == pytest.approx([0.0127, 2.7858], abs=0.001)
    [blind] = scorecard.score([told(0)], {})
    assert (blind["precision"], blind["false_per_camera_day"], blind["delay_s"]) == (None, None, None)


def test_a_rule_on_trial_is_held_against_the_verdicts_on_the_live_ones() -> None:
    live = [told(0, "confirmed"), told(100, "rejected"), told(200, "confirmed"), told(300)]
    shadow = [told(3), told(310), told(900)]
    [row] = scorecard.trial(shadow, live)
    assert (row["incidents"], row["confirmed"], row["rejected"], row["unjudged"], row["alone"]) == (3, 1, 0, 1, 1)
    assert (row["missed_confirmed"], row["spared_rejected"]) == (1, 1)


def test_verdicts_in_the_store_become_figures_by_rule_camera_and_model(database: StoreDatabase) -> None:
    with closing(database.store()) as store, closing(database.reader()) as db:
        began = format_time(NOW - 8)
        given = {"revision": 1, "phase": "new", "started_at": began, "updated_at": began, "run": "9f2c61d0", "late": False}
        bodies = [incident(incident=f"9f2c61d0/north/{n}", lane=str(n), **given) for n in range(3)]
        trial = incident(incident="s/north/1", **{**given, "shadow": True, "updated_at": format_time(NOW)})
        camera = CameraBirth(name="north", scene_sha256="0", model="nanodet", model_sha256="ab" * 32)
        store.commit([Received(topics.status(DEVICE), encode(birth(run="9f2c61d0", cameras=(camera,))), NOW - 20)])
        incidents, states = topics.event(DEVICE, "incident"), topics.event(DEVICE, "state")
        store.commit([Received(incidents, event(body, n), NOW) for n, body in enumerate(bodies, 1)])
        store.commit([Received(states, event(trial, 1, event_class="state", stream=f"{STREAM[:-1]}9", at=NOW), NOW)])
        for n, deed in ((0, "confirm"), (1, "reject")):
            word = Word(deed, "an", format_time(NOW))  # type: ignore[arg-type]
            store.perform(partial(acting.act, ids=[f"{DEVICE}/9f2c61d0/north/{n}"], word=word))
        card = scoring.scored(db, NOW - 60, NOW + 60)
        [row] = card["rules"]
        assert (row["model"], row["rule_version"]) == ("nanodet@abababababab", 1)
        assert (row["camera"], row["confirmed"], row["rejected"], row["unjudged"], row["delay_s"]) == ("north", 1, 1, 1, 8.0)
        assert [one["incidents"] for one in card["shadow"]] == [1]
        assert scoring.scored(db, NOW + 60, NOW + 90)["rules"] == []
