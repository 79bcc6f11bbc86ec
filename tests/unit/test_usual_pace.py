"""What is said of a lane's usual pace, and when nothing is."""

import pytest

from edge_agent.core.types import Box, RoadUser, Track
from edge_agent.core.usual_pace import KNOWN_S, UsualPace


def user(pace_kmh: float | None, lane: str | None = "1", *, error_kmh: float = 1.0, seen: bool = True) -> RoadUser:
    track = Track(1, Box(0.4, 0.4, 0.5, 0.5), "car", 0.8, seen, 9)
    scale = (100.0, 0.0, 0.0, 100.0)
    return RoadUser(track, track.box.contact, lane, None, (0.0, 0.0), scale, pace_kmh, error_kmh, None, False)


def learned(*users: RoadUser, seconds: float = 10.0, fps: float = 10.0) -> dict[str, float]:
    usual = UsualPace()
    said: dict[str, float] = {}
    for index in range(round(seconds * fps) + 1):
        said = usual.update(index / fps, list(users))
    return said


@pytest.mark.parametrize("fps", [2.0, 10.0, 25.0])
def test_it_is_the_mean_of_those_that_drive_by_lane(fps: float) -> None:
    said = learned(user(60), user(80), user(30, "2"), user(50, None), fps=fps)
    assert said == {"1": pytest.approx(70, abs=0.5), "2": pytest.approx(30)}


def test_nothing_is_said_before_enough_was_seen() -> None:
    assert learned(user(60), seconds=KNOWN_S - 0.5) == {}
    assert learned(user(60), seconds=KNOWN_S + 0.5) == {"1": pytest.approx(60)}


@pytest.mark.parametrize("silent", [user(None), user(5), user(60, error_kmh=20), user(60, seen=False)])
def test_who_stands_or_is_not_well_seen_says_nothing(silent: RoadUser) -> None:
    assert learned(silent) == {}


def test_it_follows_the_traffic_within_minutes() -> None:
    usual = UsualPace()
    for index in range(3000):
        usual.update(index / 10, [user(80)])
    for index in range(3000, 5000):
        said = usual.update(index / 10, [user(20)])
    assert said["1"] == pytest.approx(20, abs=3)


def test_an_absence_of_the_camera_is_no_driving() -> None:
    usual = UsualPace()
    usual.update(0.0, [user(60)])
    assert usual.update(600.0, [user(60)]) == {}
