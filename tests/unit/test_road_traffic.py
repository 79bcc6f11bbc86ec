"""Traffic of a road: cameras added up by the time that they watched, car units by a standard's table, what the API tells."""

import csv
import io
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collector.config.sites import Site as SiteConfig
from collector.core.delivery import Received
from collector.core.pcu import pcu
from collector.core.road_traffic import Watched, over_time
from collector.outputs.telling import Desk
from collector.store.questions import roads
from event_contract import topics
from event_contract.messages import Clock, LaneMinute, encode
from event_contract.presence import CameraBirth
from event_contract.times import format_time
from tests.databases import StoreDatabase
from tests.unit.test_collector_web import Site, run
from tests.wire_messages import CLOCK, DEVICE, birth, event, traffic_minute

HOUR = "2026-03-02T00:00:00.000Z"
ROAD = "Nguyễn Tất Thành"
STATES = topics.event(DEVICE, "state")


def lane(mean_kmh: float | None = None, speed_se_kmh: float | None = None, **counts: int) -> dict[str, Any]:
    return {"lane": "1", "counts": counts, "mean_kmh": mean_kmh, "speed_se_kmh": speed_se_kmh}


def watched(*lanes: dict[str, Any], camera: str = "north", begins: str = HOUR, observed_s: float = 3600.0) -> Watched:
    return Watched(DEVICE, camera, begins, observed_s, lanes)


def test_car_units_are_the_standard_s_and_persons_are_none() -> None:
    assert pcu({"motorcycle": 10, "bicycle": 10, "car": 2, "bus": 1, "truck": 1}) == pytest.approx(3 + 2 + 2 + 2 + 2)
    assert pcu({"person": 7}) == 0.0
    assert pcu({"three_wheeler": 1, "unknown": 2, "tram": 1}) == 4.0


def test_each_camera_s_flow_is_by_the_time_that_it_watched() -> None:
    half, whole = watched(lane(motorcycle=90, car=10, person=5), observed_s=1800.0), watched(lane(car=50), camera="south")
    [row] = over_time([half, whole])
    assert (row["vehicles"], row["vehicles_per_h"]) == (150, 250)
    assert (row["pcu"], row["pcu_per_h"]) == (87.0, 124)
    assert (row["cameras"], row["observed_s"], row["counts"]["person"]) == (2, 2700.0, 5)


def test_two_parts_of_a_minute_are_one_and_nothing_seen_is_no_flow() -> None:
    first, second = watched(lane(car=1), observed_s=20.0), watched(lane(car=2), observed_s=40.0)
    [row] = over_time([first, second])
    assert (row["cameras"], row["vehicles_per_h"]) == (1, 180)
    [blind] = over_time([watched(lane(car=1), observed_s=0.0)])
    assert blind["vehicles_per_h"] == 0


def test_the_mean_is_of_vehicles_and_its_error_is_not_made_smaller_than_it_is() -> None:
    [row] = over_time([watched(lane(30.0, 1.0, motorcycle=90), lane(60.0, 3.0, car=10), lane(None, truck=4))])
    assert (row["mean_kmh"], row["speed_se_kmh"]) == (33.0, 1.2)
    [partly] = over_time([watched(lane(30.0, 1.0, car=1), lane(50.0, None, car=1))])
    assert (partly["mean_kmh"], partly["speed_se_kmh"]) == (40.0, None)
    [none] = over_time([watched(lane(None, car=1))])
    assert (none["mean_kmh"], none["speed_se_kmh"]) == (None, None)


def test_spans_come_in_the_order_of_time() -> None:
    later = watched(lane(car=1), begins="2026-03-02T01:00:00.000Z")
    assert [row["from"] for row in over_time([later, watched()])] == [HOUR, "2026-03-02T01:00:00.000Z"]


def told(begins: float, seq: int, clock: Clock = CLOCK, **changes: Any) -> bytes:
    counted = LaneMinute(lane="1", counts={"motorcycle": 30, "car": 10}, mean_kmh=31.0, speed_se_kmh=0.9)
    body = traffic_minute(**{"from_": format_time(begins), "lanes": (counted,), "clock": clock, **changes})
    return event(body, seq, stream="s2", event_class="state", at=begins + 60)


def test_either_engine_finds_the_cameras_and_their_minutes(database: StoreDatabase) -> None:
    begins = 1_800_000_000.0
    cameras = (CameraBirth(name="north", scene_sha256="0", model="m", model_sha256="0"),)
    unset = Clock(mono_s=5.0, boot="new", synced=False)
    told_of = [(topics.status(DEVICE), encode(birth(cameras=cameras)))]
    told_of += [(STATES, told(begins + 60 * n, n + 1)) for n in range(3)]
    told_of += [(STATES, told(begins, 8, unset)), (STATES, told(begins, 9, camera="south"))]
    with closing(database.store()) as store:
        store.commit([Received(topic, payload, begins + 600) for topic, payload in told_of])
    with closing(database.writer()) as db:
        if isinstance(db, sqlite3.Connection):
            db.row_factory = sqlite3.Row
        assert roads.cameras(db) == [roads.Standing(DEVICE, "qn-test", "north")]
        found = roads.minutes(db, [(DEVICE, "north")], begins + 60, begins + 180)
    assert [(one.begins, one.observed_s, one.camera) for one in found] == [
        (format_time(begins), 60.0, "north"), (format_time(begins + 60), 60.0, "north")
    ]  # fmt: skip


def test_the_api_tells_of_roads_and_of_one_by_minute_hour_and_day(tmp_path: Path) -> None:
    sites = {"qn-test": SiteConfig(site="qn-test", road=ROAD)}
    begins = time.time() // 3600 * 3600 - 3600.0  # a minute of the last whole hour
    unset = Clock(mono_s=5.0, boot="new", synced=False)

    async def scene(site: Site) -> None:
        cameras = tuple(CameraBirth(name=name, scene_sha256="0", model="m", model_sha256="0") for name in ("north", "south"))
        site.put(encode(birth(cameras=cameras)), topic=topics.status(DEVICE))
        site.put(encode(birth(site="", cameras=cameras[:1])), topic=topics.status("box"))
        minutes = (told(begins, 1), told(begins, 2, camera="south"), told(begins + 60, 3), told(begins, 4, unset))
        site.put(*minutes, topic=STATES)
        site.store.roll_up(7 * 3600.0)
        road = {"road": ROAD, "cameras": [{"device": DEVICE, "camera": "north"}, {"device": DEVICE, "camera": "south"}]}
        alone = {"road": "box", "cameras": [{"device": "box", "camera": "north"}]}
        assert (await site.get("/api/v1/roads"))["roads"] == [road, alone]

        asked = f"/api/v1/roads/traffic?road={ROAD}"
        [hour] = (by_hour := await site.get(asked))["spans"]
        assert (hour["vehicles"], hour["cameras"], hour["observed_s"]) == (120, 2, 90.0)
        assert by_hour["cameras"] == road["cameras"] and by_hour["pcu"]["factors"]["motorcycle"] == 0.3
        since = f"from={format_time(begins)}"
        first, second = (await site.get(f"{asked}&by=minute&{since}"))["spans"]
        assert (first["from"], first["vehicles_per_h"], first["speed_se_kmh"]) == (format_time(begins), 4800, 0.9)
        assert (second["cameras"], second["vehicles"]) == (1, 40)
        [day] = (await site.get(f"{asked}&by=day&device={DEVICE}&camera=north"))["spans"]
        assert (day["vehicles"], day["cameras"]) == (80, 1)
        assert (await site.get(f"{asked}&to={format_time(begins)}"))["spans"] == []

        async with site.http.get(f"{site.url}/api/v1/roads/traffic.csv?road={ROAD}", headers=site.bearer) as table:
            [row] = csv.DictReader(io.StringIO((await table.read()).decode("utf-8-sig"), newline=""))
        assert (row["road"], row["motorcycle"], row["bus"], row["pcu"], row["speed_se_kmh"]) == (ROAD, "90", "0", "57.0", "0.9")
        assert row["from"].endswith("+07:00")

        for wrong, status, field in (
            ("road=x", 404, None), ("", 400, "road"), (f"road={ROAD}&camera=west", 404, None),
            (f"road={ROAD}&by=minute&from=2020-01-01T00:00:00Z", 400, "from"), (f"road={ROAD}&by=year", 400, "by"),
        ):  # fmt: skip
            async with site.http.get(f"{site.url}/api/v1/roads/traffic?{wrong}", headers=site.bearer) as refused:
                problem = await refused.json()
                assert (refused.status, problem.get("field")) == (status, field), problem

    run(tmp_path, scene, desk=Desk(sites=sites))
