"""What the core says, as it crosses the wire: names, dates, rounding, places on the earth."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.scene_format import Origin
from edge_agent.core.types import Box, IncidentReport, LaneTraffic, LineTraffic, RoadUser, Track, TrafficMinute
from edge_agent.core.wire import Voice, outgoing
from event_contract.messages import Clock, IncidentData, TrafficMinuteData, encode

START_S = 1772410521.24  # 2026-03-02T00:15:21.240Z
TRACK = Track(7, Box(0.41, 0.52, 0.46, 0.58), "car", 0.87, True, 40)
USER = RoadUser(TRACK, (0.435, 0.58), "2", (3.4, 41.2), (3.4, 41.2), (1, 0, 0, 1), 0.4449, 0.61, 0.4, True)
REPORT = IncidentReport(
    "stopped_vehicle", "new", 17, 1, "north", "2", "high", 0.871, 0.0, 10.0, None, TRACK.box, (3.4449, 41.2), (USER,), 3, {}
)


def voice(origin: Origin | None = None) -> Voice:
    clock = Clock(mono_s=86412.118, boot="c2b7f9e4", synced=True, error_ms=12)
    return Voice("9f2c61d0", "north", lambda at_s: START_S + at_s, lambda at_s: clock, origin)


def test_an_incident_is_named_dated_and_rounded() -> None:
    said = outgoing(REPORT, voice())
    assert isinstance(said.body, IncidentData)
    assert (said.event_class, said.subject, said.time) == ("incident", "north/lane/2", "2026-03-02T00:15:31.240Z")
    assert said.body.incident == "9f2c61d0/north/17"
    assert said.body.started_at == "2026-03-02T00:15:21.240Z"
    assert said.body.ended_at is None
    assert said.body.road_m == (3.4, 41.2)
    assert said.body.position is None
    assert json.loads(encode(said.body))["road_users"] == [{"class": "car", "speed_kmh": 0.4, "speed_se_kmh": 0.6}]


def test_an_end_says_when() -> None:
    said = outgoing(replace(REPORT, phase="end", revision=2, updated_s=60.0, ended_s=60.0), voice())
    assert isinstance(said.body, IncidentData)
    assert said.body.ended_at == said.time == "2026-03-02T00:16:21.240Z"


def test_speeds_outside_the_calibrated_stretch_are_not_published() -> None:
    unmeasured = replace(REPORT, road_users=(replace(USER, calibrated=False),))
    said = outgoing(unmeasured, voice())
    assert isinstance(said.body, IncidentData)
    assert said.body.road_users[0].speed_kmh is None and said.body.road_users[0].speed_se_kmh is None


@pytest.mark.parametrize(
    ("bearing_deg", "road_m", "north_m", "east_m"),
    [(0, (0, 100), 100, 0), (90, (0, 100), 0, 100), (0, (100, 0), 0, 100), (90, (100, 0), -100, 0), (180, (50, 20), -20, -50)],
)
def test_metres_become_places_on_the_earth(
    bearing_deg: float, road_m: tuple[float, float], north_m: float, east_m: float
) -> None:
    said = outgoing(replace(REPORT, road_m=road_m), voice(Origin(lon=109.223, lat=13.776, bearing_deg=bearing_deg)))
    assert isinstance(said.body, IncidentData) and said.body.position is not None
    assert (said.body.position.lat - 13.776) * 111_320 == pytest.approx(north_m, abs=0.1)
    # a degree of longitude at 13.776 N is 108 117 m on the sphere
    assert (said.body.position.lon - 109.223) * 108_117 == pytest.approx(east_m, abs=0.2)


def test_a_minute_of_three_lanes_is_small() -> None:
    """The budget of a three-lane camera's state is 1 kB a minute."""
    lane = LaneTraffic("2", {"bus": 1, "car": 6, "motorcycle": 31}, 34.19, 41.02, 0.83, 0.1811, 1.64, 0.0)
    lanes = tuple(replace(lane, lane=str(number)) for number in range(1, 4))
    minute = TrafficMinute("north", 0.0, 60.0, lanes, (LineTraffic("c1", {"car": 3}, {}),))
    said = outgoing(minute, voice())
    assert isinstance(said.body, TrafficMinuteData)
    assert said.event_class == "state"
    assert said.body.lanes[0].mean_kmh == 34.2 and said.body.lanes[0].occupancy == 0.18
    assert len(encode(said.body)) <= 1000


@given(box=st.tuples(*[st.floats(-0.5, 1.5)] * 4), confidence=st.floats(0, 1))
def test_what_is_said_is_within_the_contract(box: tuple[float, float, float, float], confidence: float) -> None:
    said = outgoing(replace(REPORT, box=Box(*box), confidence=confidence), voice())
    assert isinstance(said.body, IncidentData) and said.body.box is not None
    assert all(0 <= value <= 1 and value == round(value, 4) for value in said.body.box)
