"""What is published of traffic: sums per road and hour, and never a number that could be one person's."""

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collector.core.road_hours import CLASSES, FEWEST, CameraHour, merged, road_hours
from collector.outputs import open_data
from collector.outputs.telling import Desk
from event_contract.messages import Position

HOUR = "2026-03-02T00:00:00.000Z"


def lane(mean_kmh: float | None = None, **counts: int) -> dict[str, Any]:
    return {"lane": "1", "counts": counts, "mean_kmh": mean_kmh}


def hour(*lanes: dict[str, Any], road: str = "Nguyễn Tất Thành", begins: str = HOUR, observed_s: float = 3600.0) -> CameraHour:
    return CameraHour(road, begins, observed_s, lanes)


@given(st.dictionaries(st.sampled_from([*CLASSES, "unknown", "person"]), st.integers(0, 40)))
def test_no_number_is_small_and_none_can_be_worked_out_from_the_others(counts: dict[str, int]) -> None:
    told, vehicles = merged(counts), sum(count for cls, count in counts.items() if cls != "person")
    if told is None:
        assert 0 < vehicles < FEWEST
        return
    assert sum(count or 0 for count in told.values()) == vehicles
    assert all(count is None or count == 0 or count >= FEWEST for count in told.values())
    hidden = [counts.get(cls, 0) for cls, count in told.items() if count is None and cls in CLASSES]
    assert all(count > 0 for count in hidden)
    assert not hidden or (told["other"] or 0) >= FEWEST


def test_who_is_alone_is_counted_with_the_next() -> None:
    told = merged({"motorcycle": 300, "car": 40, "truck": 1, "person": 5})
    assert told == {"motorcycle": 300, "bicycle": 0, "car": None, "bus": 0, "truck": None, "three_wheeler": 0, "other": 41}
    assert merged({"car": FEWEST - 1}) is None
    assert merged({"person": 50}) == {**dict.fromkeys(CLASSES, 0), "other": 0}


def test_cameras_of_one_road_are_added_up() -> None:
    north = hour(lane(30.0, motorcycle=90), lane(60.0, car=30, person=8), observed_s=1800.0)
    later = hour(lane(80.0, car=2), begins="2026-03-02T01:00:00.000Z")
    [told, alone] = road_hours([later, north, hour(lane(None, motorcycle=10))])
    assert (told.cameras, told.observed_share, told.vehicles, told.mean_kmh) == (2, 0.75, 130, 37.5)
    assert (told.counts["motorcycle"], told.counts["car"]) == (100, 30)
    assert (alone.vehicles, alone.mean_kmh, set(alone.counts.values())) == (None, None, {None})


def test_the_table_reads_as_csv_and_has_no_formula() -> None:
    hours = road_hours([hour(lane(41.24, motorcycle=90), road="=1+1"), hour(lane(9.0, car=3), road='Trần "Hưng" Đạo,\n2')])
    first, second = csv.DictReader(io.StringIO(open_data.table(hours, Desk()).decode(), newline=""))
    assert first == {
        "road": "'=1+1", "from": "2026-03-02T07:00:00+07:00", "cameras": "1", "observed_share": "1.0", "vehicles": "90",
        "motorcycle": "90", "bicycle": "0", "car": "0", "bus": "0", "truck": "0", "three_wheeler": "0", "other": "0",
        "mean_kmh": "41.2",
    }  # fmt: skip
    assert second["road"] == 'Trần "Hưng" Đạo,\n2' and second["vehicles"] == second["car"] == second["mean_kmh"] == ""


def test_the_map_has_the_same_numbers() -> None:
    hours = road_hours([hour(lane(41.24, motorcycle=90)), hour(lane(None, car=3), road="b")])
    told = open_data.features(hours, {"b": Position(109.2, 13.7)}, Desk())["features"]
    assert [one["geometry"] for one in told] == [None, {"type": "Point", "coordinates": [109.2, 13.7]}]
    assert told[0]["properties"]["motorcycle"] == 90 and told[1]["properties"]["vehicles"] is None
    assert [set(one["properties"]) for one in told] == [set(open_data.COLUMNS)] * 2
