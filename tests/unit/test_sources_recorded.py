"""Recorded detections: read in bulk, written back, and refused by file and line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.core.types import NO_DETECTIONS, Detections
from edge_agent.sources.errors import SourceError
from edge_agent.sources.recorded import read_detections, write_detections

SIZE = (640, 540)


def write(folder: Path, text: str) -> Path:
    path = folder / "detections.txt"
    path.write_text(text)
    return path


def test_rows_become_frames_with_their_times(tmp_path: Path) -> None:
    text = "2,-1,64,54,128,108,0.5,2,-1,-1\n2,7,0,0,640,540,0.9,7,-1,-1\n3,-1,-1,-1,-1,-1,-1,-1,-1,-1\n5,-1,1,1,2,2,1,0\n"
    frames = list(read_detections(write(tmp_path, text), SIZE, 10.0))
    assert [(at_s, index, len(found)) for at_s, index, found in frames] == [
        (0.0, 0, 0), (0.1, 1, 2), (0.2, 2, 0), (0.3, 3, 0), (0.4, 4, 1),
    ]  # fmt: skip
    found = frames[1][2]
    assert found.scores.tolist() == pytest.approx([0.9, 0.5])
    assert found.classes.tolist() == [7, 2]
    assert found.boxes == pytest.approx(np.array([[0, 0, 1, 1], [0.1, 0.1, 0.3, 0.3]]))
    assert (found.boxes.dtype, found.scores.dtype, found.classes.dtype) == (np.float32, np.float32, np.int32)


def test_rows_may_stand_in_any_order_and_strangers_are_left_out(tmp_path: Path) -> None:
    text = "2,-1,0,0,9,9,0.5,2,-1,-1\n\n1,-1,0,0,9,9,0.5,3,-1,-1\n1,-1,0,0,9,9,0.9,56,-1,-1\n"
    frames = list(read_detections(write(tmp_path, text), SIZE, 25.0))
    assert [found.classes.tolist() for *_, found in frames] == [[3], [2]]


def test_frames_is_the_length_whatever_the_rows_say(tmp_path: Path) -> None:
    path = write(tmp_path, "2,-1,0,0,9,9,0.5,2,-1,-1\n")
    assert [len(found) for *_, found in read_detections(path, SIZE, 10.0, frames=4)] == [0, 1, 0, 0]
    assert [len(found) for *_, found in read_detections(path, SIZE, 10.0, frames=1)] == [0]
    assert list(read_detections(write(tmp_path, "\n"), SIZE, 10.0)) == []
    assert len(list(read_detections(write(tmp_path, ""), SIZE, 10.0, frames=3))) == 3


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("2,-1,0,0,9", "expected at least 8 numbers separated by commas, got 5"),
        ("2,-1,0,0,nine,9,0.5,2", "expected a number, got 'nine'"),
        ("2,-1,0,0,nan,9,0.5,2", "expected a number, got 'nan'"),
        ("0,-1,0,0,9,9,0.5,2", "expected a frame number from 1 to"),
        ("1.5,-1,0,0,9,9,0.5,2", "expected a frame number from 1 to"),
        ("1e12,-1,0,0,9,9,0.5,2", "expected a frame number from 1 to"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    path = write(tmp_path, f"1,-1,0,0,9,9,0.5,2,-1,-1\n{row}\n")
    with pytest.raises(SourceError) as error:
        read_detections(path, SIZE, 10.0)
    assert str(error.value).startswith(f"{path}:2: {complaint}")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "detections.txt"
    with pytest.raises(SourceError, match=r"detections\.txt: cannot be read \(No such file"):
        read_detections(path, SIZE, 10.0)
    path.write_bytes(bytes(range(256)))
    with pytest.raises(SourceError, match="not plain text"):
        read_detections(path, SIZE, 10.0)


def detections() -> st.SearchStrategy[Detections]:
    side = st.floats(0, 0.5, width=32)
    row = st.tuples(side, side, st.floats(0.0625, 0.5, width=32), st.floats(0, 1, width=32), st.sampled_from([0, 2, 3, 7]))

    def build(rows: list[tuple[float, float, float, float, int]]) -> Detections:
        rows = sorted(rows, key=lambda row: -row[3])
        boxes = np.array([[x, y, x + s, y + s] for x, y, s, _, _ in rows], np.float32).reshape(-1, 4)
        return Detections(boxes, np.array([r[3] for r in rows], np.float32), np.array([r[4] for r in rows], np.int32))

    return st.lists(row, max_size=4, unique_by=lambda row: round(row[3], 4)).map(build)


@settings(max_examples=25, deadline=None)
@given(st.lists(detections(), max_size=5))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, frames: list[Detections]) -> None:
    path = tmp_path_factory.mktemp("recorded") / "detections.txt"
    write_detections(path, iter(frames), SIZE)
    back = [found for *_, found in read_detections(path, SIZE, 10.0)]
    assert len(back) == len(frames)
    for found, told in zip(back, frames, strict=True):
        assert found.classes.tolist() == told.classes.tolist()
        assert found.scores == pytest.approx(told.scores, abs=1e-4)
        assert found.boxes == pytest.approx(told.boxes, abs=1e-4)


def test_writing_replaces_at_once_or_not_at_all(tmp_path: Path) -> None:
    path = write(tmp_path, "before")

    def breaks() -> object:
        yield NO_DETECTIONS
        raise RuntimeError("no more frames")

    with pytest.raises(RuntimeError):
        write_detections(path, breaks(), SIZE)  # type: ignore[arg-type]
    assert path.read_text() == "before"


@pytest.mark.shared
def test_mot_ground_truth_is_read(shared: Path) -> None:
    """Class -1 everywhere: no road user, but all 71 frames are there."""
    frames = list(read_detections(shared / "mot/TUD-Campus/test.txt", SIZE, 25.0))
    assert [index for _, index, _ in frames] == list(range(71))
