"""Clips in media time, decoded by a real child: every frame, in order, both ways; and what is said when it cannot be."""

import os
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.core.types import Frame
from edge_agent.sources.clip import ClipReader, read_clip
from edge_agent.sources.errors import SourceError
from tests.unit.numbered_clip import HEIGHT, WIDTH, number_in, write_numbered

FRAMES = 50


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_numbered(tmp_path_factory.mktemp("clips") / "numbered.avi", FRAMES)


def read(reader: ClipReader) -> Iterator[Frame]:
    with reader:
        yield from reader


def said(path: Path) -> str:
    with pytest.raises(SourceError) as error, read_clip(path) as reader:
        list(reader)
    return str(error.value)


def test_every_frame_in_order_and_in_media_time(clip: Path) -> None:
    with read_clip(clip) as reader:
        assert (reader.fps, reader.frames, reader.expected, reader.duration_s) == (20.0, FRAMES, FRAMES, 2.5)
        assert (reader.width, reader.height) == (WIDTH, HEIGHT)
        frames = list(reader)
    assert [number_in(frame.pixels) for frame in frames] == list(range(FRAMES))
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert [frame.at_s for frame in frames] == pytest.approx([number / 20 for number in range(FRAMES)])
    assert frames[0].camera == "numbered"
    assert not frames[0].pixels.flags.writeable


def test_frames_are_dropped_by_time_and_scaled_down(clip: Path) -> None:
    reader = read_clip(clip, fps=10, width=160, camera="north")
    frames = list(read(reader))
    assert [number_in(frame.pixels) for frame in frames] == list(range(0, FRAMES, 2))
    assert [frame.index for frame in frames] == list(range(0, FRAMES, 2))
    assert {frame.pixels.shape for frame in frames} == {(96, 160, 3)}
    assert reader.expected == len(frames)
    assert frames[0].camera == "north"


def test_a_narrow_clip_is_not_scaled_up(clip: Path) -> None:
    assert next(read(read_clip(clip, width=1920))).pixels.shape == (HEIGHT, WIDTH, 3)


def test_backwards_time_still_runs_forwards(clip: Path) -> None:
    frames = list(read(read_clip(clip, reverse=True, fps=10)))
    assert [number_in(frame.pixels) for frame in frames] == list(range(FRAMES - 1, -1, -2))
    assert [frame.index for frame in frames] == list(range(0, FRAMES, 2))
    assert [frame.at_s for frame in frames] == pytest.approx([number / 20 for number in range(0, FRAMES, 2)])


def test_private_masks_are_painted_and_nothing_else(clip: Path) -> None:
    white = 255  # all eight stripes
    whole = write_numbered(clip.with_name("white.avi"), white + 1)
    mask = ((0.25, 0.25), (0.5, 0.25), (0.5, 0.75), (0.25, 0.75))
    for reverse in (False, True):
        for frame in read(read_clip(whole, reverse=reverse, masks=[mask])):
            if frame.index == (0 if reverse else white):
                assert frame.pixels[48:145, 80:161].max() == 0
                assert frame.pixels[:46].min() > 200
                assert frame.pixels[:, 164:].min() > 200


def test_a_reader_left_early_leaves_no_child(clip: Path) -> None:
    with read_clip(clip) as reader:
        next(reader)
        pid = reader.child_pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGKILL])
def test_a_decoder_that_dies_is_told_in_one_line(clip: Path, number: signal.Signals) -> None:
    with pytest.raises(SourceError) as error, read_clip(clip) as reader:
        os.kill(reader.child_pid, signal.SIGSTOP)  # what it has sent so far is still read
        os.kill(reader.child_pid, number)
        os.kill(reader.child_pid, signal.SIGCONT)
        list(reader)
    assert str(error.value).startswith(f"clip {clip}: the decoder died (signal {number.name}); ")


def test_files_that_are_no_clip(tmp_path: Path) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(os.urandom(100_000))
    assert said(noise) == f"clip {noise}: cannot be decoded; check that it is a video, or convert it to MP4 (H.264)"
    assert said(tmp_path / "none.mp4").endswith("none.mp4: cannot be read (No such file or directory); check the path")
    assert said(tmp_path) == f"clip {tmp_path}: is a folder; name a video file"
    (tmp_path / "empty.avi").touch()
    assert "cannot be decoded" in said(tmp_path / "empty.avi")


def test_masks_beyond_measure_are_refused(clip: Path) -> None:
    with pytest.raises(SourceError, match="simplify the private masks"):
        read_clip(clip, masks=[((0.123456789, 0.123456789),) * 5000])


def test_a_clip_without_frames(tmp_path: Path) -> None:
    empty = write_numbered(tmp_path / "header.avi", 0)
    assert said(empty).startswith(f"clip {empty}: ")


def test_a_clip_that_was_cut_off_gives_what_it_has(clip: Path) -> None:
    cut = clip.with_name("cut.avi")
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 3])
    seen = []
    with pytest.raises(SourceError, match=r"cut\.avi: ends after 0\.\d s of 2\.5 s; it was cut off"), read_clip(cut) as reader:
        for frame in reader:
            seen.append(number_in(frame.pixels))
    assert seen == list(range(len(seen)))
    assert len(seen) > 5


def test_h264_like_codecs_backwards_across_key_frames(tmp_path: Path) -> None:
    """MPEG-4 with a key frame every twelve: a seek lands somewhere before, never on the frame itself."""
    clip = write_numbered(tmp_path / "p-frames.mp4", 200, codec="mp4v")
    assert [number_in(frame.pixels) for frame in read(read_clip(clip, reverse=True))] == list(range(199, -1, -1))


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "bgs_video02.avi",  # announces two frames too many, and its last timestamp is 0
        "boof_highway_bridge_jitter.mp4",
        "boof_street_intersection.mp4",
        "iacv_salitona.mp4",
        "intel_car-detection.mp4",
        "ota_Cars-Cyclist.mp4",
    ],
)
def test_real_clips_backwards_are_the_same_frames(shared: Path, name: str) -> None:
    path = shared / "clips" / name
    forwards = [zlib.crc32(frame.pixels) for frame in read(read_clip(path))]
    backwards = [zlib.crc32(frame.pixels) for frame in read(read_clip(path, reverse=True))]
    assert len(forwards) >= 60
    assert backwards == forwards[::-1]
