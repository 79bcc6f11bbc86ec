"""Hours and days of traffic say what their minutes say, in whatever order and however late these came."""

import functools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.core import rollup
from collector.core.delivery import Received
from collector.core.rollup import CameraSums
from collector.store.engines.db import Db
from collector.store.upkeep import rollups
from collector.store.upkeep.rollups import Wanted
from event_contract import topics
from event_contract.messages import Clock, LaneMinute, LineMinute
from event_contract.times import format_time, parse_time
from tests.databases import SqliteFile, StoreDatabase
from tests.wire_messages import CLOCK, DEVICE, event, traffic_minute

EAST_S = 7 * 3600.0
EVENING = parse_time("2026-03-02T23:00:00+07:00")  # an hour before the local midnight
STATES = topics.event(DEVICE, "state")
ALL = Wanted("hour", 0.0, 1e12)


@pytest.fixture
def db(database: StoreDatabase) -> Iterator[Db]:
    """A database as the store makes it, written to by the test."""
    database.store().close()
    with closing(database.writer()) as db:
        if isinstance(db, sqlite3.Connection):
            db.row_factory = sqlite3.Row
        yield db


def lane(**figures: Any) -> LaneMinute:
    return LaneMinute(**{"lane": "2", "counts": {"motorcycle": 3}, "mean_kmh": 40.0, "p85_kmh": 44.0, **figures})


def minute(begins: float, *lanes: LaneMinute, clock: Clock = CLOCK, **changes: Any) -> bytes:
    seq = changes.pop("seq", round(begins / 60) + 1)
    body = traffic_minute(**{"from_": format_time(begins), "lanes": lanes or (lane(),), "clock": clock, **changes})
    return event(body, seq, event_class="state", at=begins + 60)


def stored(database: StoreDatabase, *payloads: bytes) -> None:
    with closing(database.store()) as store:
        store.commit([Received(STATES, payload, EVENING) for payload in payloads])


def counted(db: Db, wanted: Wanted = ALL) -> dict[str, int]:
    """Motorcycles on lane 2 by the beginning of the span."""
    return {
        str(row["from"]): msgspec.convert(row["lanes"], list[dict[str, Any]])[0]["counts"]["motorcycle"]
        for row in rollups.read(db, wanted, 1000)
    }


def test_an_hour_is_made_of_its_minutes_and_a_day_is_the_local_one(db: Db, database: StoreDatabase) -> None:
    line = LineMinute(line="in", forward={"car": 2}, backward={})
    stored(
        database,
        minute(EVENING, lane(occupancy=0.5, headway_s=4.0, queue_m=12.0), lines=(line,)),
        minute(EVENING + 60, lane(counts={"motorcycle": 1, "car": 8}, mean_kmh=60.0, p85_kmh=60.0, occupancy=0.1, queue_m=3.0)),
        minute(EVENING + 3600, lane(mean_kmh=None, p85_kmh=None), lines=(line,)),
    )
    assert rollups.roll_up(db, EAST_S) == 3
    first, second = rollups.read(db, ALL, 10)
    assert (first["from"], first["observed_s"], first["corrected_s"]) == (format_time(EVENING), 120.0, 0.0)
    assert first["lines"] == [{"line": "in", "forward": {"car": 2}, "backward": {}}]
    [told] = msgspec.convert(first["lanes"], list[dict[str, Any]])
    assert (told["counts"], told["mean_kmh"]) == ({"car": 8, "motorcycle": 4}, 55.0)  # 3 with 40 km/h, 9 with 60
    assert (told["occupancy"], told["headway_s"], told["queue_m"]) == (0.3, 4.0, 12.0)
    assert msgspec.convert(second["lanes"], list[dict[str, Any]])[0]["mean_kmh"] is None
    days = counted(db, Wanted("day", 0.0, 1e12))
    assert days == {format_time(EVENING - 23 * 3600): 4, format_time(EVENING + 3600): 3}


def test_what_was_counted_is_not_counted_again_and_what_comes_late_is_added(db: Db, database: StoreDatabase) -> None:
    stored(database, minute(EVENING), minute(EVENING + 3600))
    assert [rollups.roll_up(db, EAST_S, limit=1) for _ in range(4)] == [1, 1, 0, 0]
    stored(database, minute(EVENING), minute(EVENING + 60))  # the first one is a duplicate
    assert [rollups.roll_up(db, EAST_S) for _ in range(2)] == [1, 0]
    assert counted(db) == {format_time(EVENING): 6, format_time(EVENING + 3600): 3}


def test_minutes_wait_until_their_clock_is_known(db: Db, database: StoreDatabase) -> None:

    def unset(mono_s: float, boot: str = "b1") -> bytes:
        """A minute that ends `mono_s` after the boot, by a clock that begins in 1970 with it."""
        clock = Clock(mono_s=mono_s, boot=boot, synced=False)
        return minute(mono_s - 60, clock=clock, seq=round(mono_s) + (0 if boot == "b1" else 10**6))

    stored(database, unset(60.0), unset(120.0), unset(60.0, "never set"))
    rollups.roll_up(db, EAST_S)
    assert counted(db) == {}
    set_now = minute(EVENING + 240, clock=Clock(mono_s=300.0, boot="b1", synced=True))
    stored(database, unset(180.0), set_now, unset(240.0))  # it booted at EVENING
    rollups.roll_up(db, EAST_S)
    assert counted(db) == {format_time(EVENING): 5 * 3}
    assert [row["corrected_s"] for row in rollups.read(db, ALL, 9)] == [240.0]
    rollups.roll_up(db, EAST_S)
    assert counted(db) == {format_time(EVENING): 5 * 3}


def test_one_road_is_asked_for_by_device_camera_and_time(db: Db, database: StoreDatabase) -> None:
    both = (minute(EVENING + 3600 * n, camera=camera, seq=2 * n + i + 1) for n in range(3) for i, camera in enumerate("ab"))
    stored(database, *both)
    rollups.roll_up(db, EAST_S)
    road = Wanted("hour", EVENING + 3600, EVENING + 7200, DEVICE, "a")
    assert [(row["camera"], row["from"]) for row in rollups.read(db, road, 9)] == [("a", format_time(EVENING + 3600))]
    assert [row["camera"] for row in rollups.read(db, ALL, 4)] == ["a", "a", "a", "b"]
    assert rollups.read(db, Wanted("hour", 0.0, 1e12, "nobody"), 9) == []


def test_sums_are_deleted_by_their_own_age(db: Db, database: StoreDatabase) -> None:
    stored(database, minute(EVENING), minute(EVENING + 3600))
    rollups.roll_up(db, EAST_S)
    assert rollups.prune(db, EVENING + 3600 + 86400, {"traffic_hours": 1.0, "traffic_days": 100.0, "state": 0.01}) == 1
    assert counted(db) == {format_time(EVENING + 3600): 3}
    assert len(counted(db, Wanted("day", 0.0, 1e12))) == 2


def test_what_is_no_measurement_is_left_out_and_nothing_grows_without_bound(db: Db, database: StoreDatabase) -> None:
    absurd = lane(counts={"car": 2**60, "bus": -1, "truck": 1}, mean_kmh=1e300, occupancy=-1.0, headway_s=1e9, queue_m=-5.0)
    many = [lane(lane=f"{n:03}", counts={str(n): 1}) for n in range(200)]
    told = minute(EVENING, *many, absurd), minute(EVENING + 60, absurd, from_="yesterday", seq=7)
    stored(database, *told)
    assert rollups.roll_up(db, EAST_S) == 2
    [hour] = rollups.read(db, ALL, 9)
    lanes = msgspec.convert(hour["lanes"], list[dict[str, Any]])
    assert len(lanes) == rollup.MOST_NAMES
    sums = rollup.of_minute(traffic_minute(lanes=(absurd,)), 60.0, corrected=False)
    [figures] = rollup.told(sums)["lanes"]
    assert figures["counts"] == {"truck": 1}
    assert {figures[name] for name in ("mean_kmh", "p85_kmh", "headway_s", "queue_m")} == {None}


names = st.sampled_from(["1", "2"])
tallies = st.dictionaries(st.sampled_from(["car", "motorcycle"]), st.integers(0, 30), max_size=2)
speeds = st.none() | st.floats(0, 120)
shares = st.none() | st.floats(0, 1)
lanes = st.builds(LaneMinute, lane=names, counts=tallies, mean_kmh=speeds, p85_kmh=speeds, occupancy=shares)
lines = st.builds(LineMinute, line=names, forward=tallies, backward=tallies)
bodies = st.tuples(st.lists(lanes, max_size=2), st.lists(lines, max_size=1), st.integers(0, 4 * 60), st.sampled_from("ab"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(bodies, min_size=1, max_size=12), st.randoms(use_true_random=False), st.integers(1, 5))
def test_sums_are_those_of_the_stored_minutes_whatever_the_order(
    tmp_path: Path, told: list[tuple[list[LaneMinute], list[LineMinute], int, str]], random: Any, limit: int
) -> None:
    path = tmp_path / "any-order.sqlite"
    path.unlink(missing_ok=True)
    payloads = [
        minute(EVENING + 60 * at, *lanes, lines=tuple(lines), camera=camera, seq=seq)
        for seq, (lanes, lines, at, camera) in enumerate(told, 1)
    ]
    random.shuffle(payloads)
    database = SqliteFile(path)
    stored(database, *payloads)
    with closing(database.writer()) as db:
        while rollups.roll_up(db, EAST_S, limit):
            pass
        rows = db.execute("SELECT camera, span, begins, sums FROM traffic_sums").fetchall()
    expected: dict[tuple[str, str, int], CameraSums] = {}
    for lanes, lines, at, camera in told:
        body = traffic_minute(lanes=tuple(lanes) or (lane(),), lines=tuple(lines))
        for span in rollups.SPANS:
            key = (camera, span, rollup.begin_of(span, EVENING + 60 * at, EAST_S))
            sums = rollup.of_minute(body, 60.0, corrected=False)
            expected[key] = rollup.added(expected.get(key, CameraSums()), sums)
    assert {tuple(key): msgspec.json.decode(sums, type=CameraSums) for *key, sums in rows} == expected


def test_the_85th_percentile_of_an_hour_is_near_that_of_its_vehicles() -> None:
    """Two kinds of minutes, 30 and 50 km/h: that of the hour is neither one's."""
    slow, fast = (traffic_minute(lanes=(lane(mean_kmh=v, p85_kmh=v + 5.0),)) for v in (30.0, 50.0))
    sums = rollup.added(*(rollup.of_minute(body, 60.0, corrected=False) for body in (slow, fast)))
    [figures] = rollup.told(sums)["lanes"]
    assert (figures["mean_kmh"], figures["p85_kmh"]) == (40.0, pytest.approx(51.5, abs=0.1))


def test_the_error_of_a_mean_is_that_of_its_minutes_where_all_of_them_tell_it() -> None:
    """By the vehicles: three of 1.0 and one of 3.0."""
    many, one = lane(counts={"car": 3}, speed_se_kmh=1.0), lane(counts={"car": 1}, speed_se_kmh=3.0)
    unknown, unmeasured = lane(speed_se_kmh=None), lane(mean_kmh=None, p85_kmh=None, speed_se_kmh=9.0)

    def error(*lanes: LaneMinute) -> object:
        minutes = (rollup.of_minute(traffic_minute(lanes=(told,)), 60.0, corrected=False) for told in lanes)
        return rollup.told(functools.reduce(rollup.added, minutes))["lanes"][0]["speed_se_kmh"]

    assert error(many, one) == error(one, unmeasured, many) == 1.5
    assert error(many, unknown) is None
    stored_before = b'{"observed_ms":60000,"lanes":{"2":{"counts":{"car":1},"speeds":1,"speed_dkmh":400}}}'
    assert rollup.told(msgspec.json.decode(stored_before, type=CameraSums))["lanes"][0]["speed_se_kmh"] is None
