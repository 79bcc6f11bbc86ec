"""The annotated video: a file that appears whole, and drawings in which what matters is found."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.core.failure import Failure
from edge_agent.core.types import Box, Frame, IncidentReport, RoadUser, Track
from edge_agent.field.annotate import AnnotatedVideo
from edge_agent.field.drawing import ALARM, COLOUR_OF_CLASS, UNSEEN, Colour, Drawing, Pixels
from tests.roads import scene

SIZE_PX = 320, 180
CAR, ELSEWHERE = Box(0.3, 0.5, 0.5, 0.7), Box(0.7, 0.4, 0.8, 0.5)


def frame(index: int = 0) -> Frame:
    return Frame("test", index, index / 10, np.full((SIZE_PX[1], SIZE_PX[0], 3), 90, np.uint8))


def user(number: int = 1, box: Box = CAR, *, seen: bool = True, speed: float | None = None) -> RoadUser:
    track = Track(number, box, "car", 0.8, seen, 9)
    return RoadUser(
        track, box.contact, "1", None, (0.0, 0.0), (1.0, 0.0, 0.0, 1.0), speed, 2.0, speed, calibrated=speed is not None
    )


def report(kind: str, box: Box, *users: RoadUser) -> IncidentReport:
    return IncidentReport(kind, "new", 7, 1, "test", "1", "high", 0.9, 0.0, 1.0, None, box, None, users, 1, {})


def drawn(users: list[RoadUser], incidents: list[IncidentReport] | None = None) -> Pixels:
    drawing = Drawing(scene(), *SIZE_PX)
    return drawing.draw(frame(), users, incidents or [])


def count(picture: Pixels, colour: Colour, around: Box) -> int:
    """How many pixels of the colour, or nearly, lie on the box's outline."""
    height, width = picture.shape[:2]
    left, right = round(around.left * width), round(around.right * width)
    top, bottom = round(around.top * height), round(around.bottom * height)
    outline = np.zeros((height, width), bool)
    outline[top - 3 : bottom + 4, left - 3 : right + 4] = True
    outline[top + 4 : bottom - 3, left + 4 : right - 3] = False
    near = np.abs(picture.astype(int) - colour).max(axis=2) < 12
    return int((near & outline).sum())


def test_a_small_picture_is_enlarged_and_keeps_its_shape() -> None:
    assert drawn([]).shape == (540, 960, 3)


@pytest.mark.parametrize("size_px", [(1280, 720), (352, 288), (333, 217)])
def test_sizes_are_even_and_large_pictures_stay(size_px: tuple[int, int]) -> None:
    width, height = Drawing(scene(), *size_px).size_px
    assert width == max(960, size_px[0]) and width % 2 == height % 2 == 0
    assert abs(height / width - size_px[1] / size_px[0]) < 0.003


def test_a_road_user_has_a_box_of_its_class_and_one_that_alarms_is_red() -> None:
    assert count(drawn([user()]), COLOUR_OF_CLASS["car"], CAR) > 500
    alarming = drawn([user()], [report("wrong_way", ELSEWHERE, user())])
    assert count(alarming, COLOUR_OF_CLASS["car"], CAR) == 0
    assert count(alarming, ALARM, CAR) > 500


def test_who_is_only_believed_there_is_drawn_discreetly() -> None:
    picture = drawn([user(seen=False)])
    assert count(picture, COLOUR_OF_CLASS["car"], CAR) == 0
    assert 20 < count(picture, UNSEEN, CAR) < 300


def test_where_a_moving_one_was_noticed_is_not_marked_but_a_place_is() -> None:
    assert count(drawn([], [report("wrong_way", ELSEWHERE, user())]), ALARM, ELSEWHERE) == 0
    assert count(drawn([], [report("stopped_vehicle", ELSEWHERE, user())]), ALARM, ELSEWHERE) > 20
    visible = drawn([user()], [report("stopped_vehicle", ELSEWHERE, user())])
    assert count(visible, ALARM, ELSEWHERE) == 0  # the vehicle's own box tells it


def test_labels_do_not_lie_on_one_another() -> None:
    apart = drawn([user(1), user(2, ELSEWHERE)])
    crowd = drawn([user(number, CAR) for number in range(1, 9)])
    assert dark(crowd) <= 3.5 * dark(apart) / 2  # three labels find room, the others are left out


def dark(picture: Pixels) -> int:
    """Pixels of the labels' ground outside of what never moves."""
    return int(((picture == 25).all(axis=2) & ~(drawn([]) == 25).all(axis=2)).sum())


def test_the_newest_incidents_are_listed_and_the_others_counted() -> None:
    def red(incidents: int) -> int:
        picture = drawn([], [report("wrong_way", CAR)] * incidents)
        return int((np.abs(picture.astype(int) - ALARM).max(axis=2) < 4).sum())

    assert 0 == red(0) < red(1) < red(8) < red(9)
    assert red(20) - red(9) < red(1) / 4


def test_the_video_holds_every_frame_at_the_right_pace(tmp_path: Path) -> None:
    path = tmp_path / "seen.mp4"
    with AnnotatedVideo(path, 12.5, scene()) as video:
        for index in range(7):
            video.write(frame(index), [user(speed=50.0)], [])
            assert not path.exists()
    video_in = cv2.VideoCapture(str(path))
    assert (video_in.get(cv2.CAP_PROP_FRAME_COUNT), video_in.get(cv2.CAP_PROP_FPS)) == (7, 12.5)
    assert (video_in.get(cv2.CAP_PROP_FRAME_WIDTH), video_in.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (960, 540)
    assert [entry.name for entry in tmp_path.iterdir()] == ["seen.mp4"]


def test_a_video_that_was_given_up_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "seen.mp4"
    path.write_bytes(b"an earlier one")
    with pytest.raises(KeyboardInterrupt), AnnotatedVideo(path, 10, scene()) as video:
        video.write(frame(), [], [])
        raise KeyboardInterrupt
    assert path.read_bytes() == b"an earlier one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["seen.mp4"]


@pytest.mark.parametrize(("name", "what"), [("seen.gif", "ends in .mp4 or .avi"), ("missing/seen.mp4", "cannot be written")])
def test_a_video_that_cannot_be_written_names_itself(tmp_path: Path, name: str, what: str) -> None:
    with pytest.raises(Failure, match=what) as failure, AnnotatedVideo(tmp_path / name, 10, scene()) as video:
        video.write(frame(), [], [])
    assert str(tmp_path / name) in str(failure.value)
