"""What an operator hears: one of what belongs together, nothing that is silenced, and no storm; all is shown and streamed."""

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collector.core import attention
from collector.core.attention import Policy, Silence
from collector.core.delivery import Received
from collector.store.alerts import silences
from collector.store.event_store import EventStore
from collector.store.questions import queries
from event_contract import topics
from event_contract.kinds import INCIDENT_KINDS
from event_contract.messages import Position
from event_contract.times import format_time
from tests.databases import SqliteFile, StoreDatabase
from tests.wire_messages import event, incident

NOW = 1_772_410_521.0
ONE, OTHER = Position(109.2195, 13.7765), Position(109.2197, 13.7766)  # 24 m apart
FAR = Position(109.2295, 13.7765)


class Road:
    """A store that hears of incidents, one after the other."""

    def __init__(self, store: EventStore) -> None:
        self._store, self._seq = store, 0

    def tell(self, kind: str, number: int, device: str = "qn-ntt-01", now: float = NOW, **changes: Any) -> tuple[str, Any]:
        """What sounded, as the newest change's action, and why not."""
        self._seq += 1
        at = format_time(now - 2)
        given = {"phase": "new", "severity": INCIDENT_KINDS[kind].severity, "revision": self._seq, "position": None}
        times = {"started_at": at, "updated_at": at, "ended_at": at if changes.get("phase") == "end" else None}
        body = incident(kind=kind, incident=f"run/north/{number}", **{**given, **times, **changes})
        committed = self._store.commit([Received(topics.event(device, "incident"), event(body, self._seq, device=device), now)])
        return ("heard" if committed.changes[0].audible else "quiet"), committed.changes[0]


@pytest.mark.parametrize(
    ("first", "then", "heard", "why"),
    [
        ({"kind": "stopped_vehicle"}, {"kind": "stopped_vehicle"}, False, "duplicate"),
        ({"kind": "stopped_vehicle"}, {"kind": "stopped_vehicle", "lane": "7"}, True, None),
        ({"kind": "suspected_accident"}, {"kind": "congestion"}, False, "grouped"),
        ({"kind": "congestion"}, {"kind": "suspected_accident"}, True, None),
        ({"kind": "suspected_accident"}, {"kind": "fire"}, True, None),  # belongs to it, and must be heard
        ({"kind": "congestion"}, {"kind": "stopped_vehicle"}, False, "inhibited"),
        ({"kind": "congestion"}, {"kind": "wrong_way"}, True, None),
        ({"kind": "camera_fault", "lane": None}, {"kind": "pedestrian"}, False, "inhibited"),
        ({"kind": "camera_fault", "lane": None, "severity": "low"}, {"kind": "pedestrian"}, True, None),  # its zones followed
        ({"kind": "fire", "position": ONE}, {"kind": "fire", "device": "other", "position": OTHER}, False, "duplicate"),
        ({"kind": "fire", "position": ONE}, {"kind": "fire", "device": "other", "position": FAR}, True, None),
    ],
)
def test_what_belongs_together_is_heard_once(
    tmp_path: Path, first: dict[str, Any], then: dict[str, Any], heard: bool, why: str | None
) -> None:
    database = SqliteFile(tmp_path / "events.sqlite")
    with closing(database.store()) as store, closing(database.reader()) as db:
        road = Road(store)
        assert road.tell(**first, number=1)[0] == "heard"
        assert (road.tell(**then, number=2, now=NOW + 30)[0] == "heard") == heard
        [newest, oldest] = [alerts_of(raw) for raw in queries.alerts(db, "open", 10, None)]
        assert newest["quiet"] == why and (why is None or newest["because"] == oldest["id"])
        belongs = why in ("duplicate", "grouped") or then["kind"] in attention.FOLLOWS.get(first["kind"], ())
        belongs = belongs or first["kind"] in attention.FOLLOWS.get(then["kind"], ())
        assert newest["group"] == (oldest["id"] if belongs else None)


def alerts_of(raw: Any) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(bytes(raw))
    return told


def test_what_is_told_again_right_after_its_end_is_a_repetition_and_later_it_is_news(database: StoreDatabase) -> None:
    with closing(database.store()) as store:
        road = Road(store)
        road.tell("obstacle", 1)
        road.tell("obstacle", 1, now=NOW + 10, phase="end")
        assert road.tell("obstacle", 2, now=NOW + 60)[0] == "quiet"
        road.tell("obstacle", 2, now=NOW + 70, phase="end")
        assert road.tell("obstacle", 3, now=NOW + 500)[0] == "heard"


def test_what_nobody_heard_makes_nothing_quiet(database: StoreDatabase) -> None:
    with closing(database.store()) as store:
        road = Road(store)
        silence = Silence(n=0, kind="fire", begins=NOW, ends=NOW + 60, reason="drill", author="an")
        made, _ = store.perform(lambda book: silences.add(book.db, silence, NOW))
        assert made.n == 1
        heard, change = road.tell("fire", 2, now=NOW + 1)
        assert heard == "quiet" and b'"quiet":"silenced","because":"silence 1: drill"' in change.body
        assert road.tell("fire", 3, now=NOW + 61)[0] == "heard"
        assert store.perform(lambda book: silences.end(book.db, 1, NOW + 62))[0] is False


def test_in_a_storm_one_alert_says_that_the_others_are_quiet_until_it_is_over(database: StoreDatabase) -> None:
    with closing(database.store()) as original:
        store = EventStore(original._engine, Policy(storm_per_minute=3))
        road = Road(store)
        told = [road.tell("wrong_way", n, lane=str(n))[0] for n in range(6)]
        assert told == ["heard"] * 3 + ["quiet"] * 3
        with closing(database.reader()) as db:
            storms = [one for one in map(alerts_of, queries.alerts(db, "open", 10, None)) if one["device"] == "collector"]
            assert [one["detail"]["reason"] for one in storms] == ["storm"]
        store.look_after(NOW + 30, {"incident": 10.0})
        committed = store.look_after(NOW + 90, {"incident": 10.0})
        assert [change.action for change in committed.changes] == ["close"]
        assert road.tell("wrong_way", 9, lane="9", now=NOW + 91)[0] == "heard"


def test_what_nobody_takes_care_of_gets_more_severe_once_and_the_watchdog_beats(database: StoreDatabase) -> None:
    with closing(database.store()) as original:
        store = EventStore(original._engine, Policy(escalate_after_s=60, watchdog_every_s=60))
        Road(store).tell("congestion", 1)
        looks = [store.look_after(NOW + at, {"incident": 10.0}).changes for at in (0, 30, 61, 130)]
        assert [[(one.action, one.audible) for one in look] for look in looks] == [
            [("update", False)],
            [],
            [("escalate", True), ("update", False)],
            [("update", False)],
        ]
        assert b'"severity":"high"' in looks[2][0].body and b'"watchdog"' in looks[3][0].body
