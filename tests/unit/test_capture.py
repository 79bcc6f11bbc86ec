"""Cameras with real capture children that are aborted, stopped and killed; a clip stands in for the camera."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from edge_agent.config import CameraConfig, ClipSource, RtspSource, SourceConfig, UsbSource
from edge_agent.core.types import Frame
from edge_agent.sources.camera import CaptureSource
from edge_agent.sources.mailbox import Mailbox
from tests.unit.numbered_clip import number_in, write_numbered

FRAMES = 40
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_numbered(tmp_path_factory.mktemp("clips") / "numbered.avi", FRAMES)


@contextmanager
def running(*cameras: CaptureSource) -> Iterator[None]:
    for camera in cameras:
        camera.start()
    try:
        yield
    finally:
        for camera in cameras:
            camera.close()


def camera(source: SourceConfig, box: Mailbox, name: str = "north", fps: float = 10, stall_s: float = 10) -> CaptureSource:
    return CaptureSource(CameraConfig(name, "scene.json", source, fps=fps), Path("/nowhere/site.toml"), box, stall_s=stall_s)


def take(box: Mailbox) -> Frame:
    frame = box.take(PATIENCE_S)
    assert frame
    return frame


def until(true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def pid_of(source: CaptureSource) -> int:
    until(lambda: source.child_pid is not None)
    assert source.child_pid
    return source.child_pid


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_clip_is_a_camera_in_real_time(clip: Path) -> None:
    box = Mailbox(["north"])
    source = camera(ClipSource(str(clip)), box, fps=20)
    began_s = time.monotonic()
    with running(source):
        frames = [take(box)]
        until(lambda: source.status.state == "ended" or bool(frames.append(take(box))))
        while frame := box.take(0):
            frames.append(frame)
    took_s = time.monotonic() - began_s
    assert took_s >= (FRAMES - 1) / 20  # no faster than it was filmed
    assert frames[0].at_s >= began_s
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})
    assert all(number_in(frame.pixels) == frame.index for frame in frames)
    for earlier, later in pairwise(frames):
        assert later.at_s - earlier.at_s > (later.index - earlier.index) / 20 - 1e-3
    assert source.status.reason == "camera north: the clip was played to its end"
    assert source.status.frames == FRAMES == len(frames) + box.dropped("north")
    assert source.status.restarts == 0


@pytest.mark.parametrize("reverse", [False, True])
def test_a_loop_runs_on_in_index_and_time(tmp_path: Path, reverse: bool) -> None:
    short = write_numbered(tmp_path / "short.avi", 7)
    box = Mailbox(["north"])
    with running(camera(ClipSource(str(short), loop=True, reverse=reverse), box, fps=20)):
        frames = [take(box) for _ in range(20)]
    assert frames[-1].index >= 19
    for frame in frames:
        assert number_in(frame.pixels) == (6 - frame.index % 7 if reverse else frame.index % 7)
    times_s = [frame.at_s for frame in frames]
    assert times_s == sorted(times_s)


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGKILL])
def test_a_child_that_dies_is_replaced_and_the_other_camera_does_not_notice(clip: Path, number: signal.Signals) -> None:
    box = Mailbox(["north", "south"])
    north, south = (camera(ClipSource(str(clip), loop=True), box, name) for name in ("north", "south"))
    with running(north, south):
        until(lambda: north.status.state == south.status.state == "live")
        first, other = pid_of(north), pid_of(south)
        before = north.status.frames
        os.kill(first, number)
        until(lambda: north.status.state == "failed")
        assert north.status.reason == f"camera north: the decoder died (signal {number.name}); it is started again"
        until(lambda: north.status.state == "live")
        assert (north.status.restarts, north.status.reason) == (1, "")
        assert north.status.frames > before
        assert pid_of(north) != first
        assert (pid_of(south), south.status.restarts, south.status.state) == (other, 0, "live")


def test_index_and_time_go_on_after_a_restart(clip: Path) -> None:
    box = Mailbox(["north"])
    source = camera(ClipSource(str(clip), loop=True), box)
    with running(source):
        first = [take(box) for _ in range(5)][-1]
        os.kill(pid_of(source), signal.SIGKILL)
        until(lambda: source.status.restarts == 1)
        until(lambda: source.status.state == "live")
        second = take(box)
    assert second.index > first.index
    assert second.at_s > first.at_s


def test_a_child_that_stalls_is_killed_and_replaced(clip: Path) -> None:
    box = Mailbox(["north"])
    source = camera(ClipSource(str(clip), loop=True), box, stall_s=2)
    with running(source):
        take(box)
        stopped = pid_of(source)
        os.kill(stopped, signal.SIGSTOP)
        until(lambda: source.status.state == "failed")
        assert source.status.reason == "camera north: no frame for 2 s; check the file"
        assert is_gone(stopped)
        until(lambda: source.status.state == "live")
        assert source.status.restarts == 1


def test_a_slow_camera_is_given_its_time(clip: Path) -> None:
    """At one frame in two seconds, a second without any is no stall."""
    box = Mailbox(["north"])
    source = camera(ClipSource(str(clip), loop=True), box, fps=0.5, stall_s=1)
    with running(source):
        frames = [take(box) for _ in range(3)]
    assert source.status.restarts == 0
    assert frames[2].index - frames[0].index >= 72  # of twenty a second


def test_masks_are_painted_before_anyone_sees_the_frame(tmp_path: Path) -> None:
    write_numbered(tmp_path / "bright.avi", 20)
    box = Mailbox(["north"])
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    config = CameraConfig("north", "scene.json", ClipSource("bright.avi", loop=True), width=160)
    with running(CaptureSource(config, tmp_path / "site.toml", box, [whole])):
        for _ in range(10):
            frame = take(box)
            assert frame.pixels.max() == 0
            assert frame.pixels.shape == (96, 160, 3)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (UsbSource("/dev/video99"), "/dev/video99 cannot be opened; check that it is plugged in"),
        (ClipSource("/nowhere/clip.mp4"), "clip /nowhere/clip.mp4: cannot be read (No such file or directory)"),
        (RtspSource(url="kerb:secret@host"), "the URL is not one; expected rtsp://"),
        (RtspSource(url="rtsp://kerb:secret@127.0.0.1:1/x"), "rtsp://127.0.0.1:1 cannot be opened; check address"),
        (RtspSource(url="rtsp://host/x", transport="tcp|x;y"), "transport: expected one of tcp, udp"),
        (RtspSource(url_file="absent.url"), "url_file /nowhere/absent.url: cannot be read (No such file"),
    ],
)
def test_a_source_that_cannot_be_opened_is_tried_again(source: SourceConfig, reason: str) -> None:
    box = Mailbox(["north"])
    capture = camera(source, box)
    with running(capture):
        until(lambda: capture.status.restarts > 0)
        assert capture.status.state == "failed"
        assert capture.status.reason.startswith(f"camera north: {reason}")
        assert "secret" not in capture.status.reason
    assert capture.status.frames == 0


def test_a_clip_of_noise_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(os.urandom(50_000))
    box = Mailbox(["north"])
    capture = camera(ClipSource(str(tmp_path / "noise.mp4")), box)
    with running(capture):
        until(lambda: capture.status.state == "failed")
        assert f"clip {tmp_path / 'noise.mp4'}: cannot be decoded" in capture.status.reason


def test_the_url_file_must_be_private(tmp_path: Path) -> None:
    path = tmp_path / "north.url"
    path.write_text("rtsp://kerb:secret@127.0.0.1:1/x\n")
    config = CameraConfig("north", "scene.json", RtspSource(url_file="north.url"))
    for mode, reason in ((0o644, f"url_file {path}: everyone may read it"), (0o600, "rtsp://127.0.0.1:1 cannot be opened")):
        path.chmod(mode)
        capture = CaptureSource(config, tmp_path / "site.toml", Mailbox(["north"]))
        with running(capture):
            until(lambda capture=capture: capture.status.state == "failed")  # type: ignore[misc]
            assert capture.status.reason.startswith(f"camera north: {reason}")


def test_close_ends_the_child_and_is_not_a_failure(clip: Path) -> None:
    box = Mailbox(["north"])
    source = camera(ClipSource(str(clip), loop=True), box)
    with running(source):
        take(box)
        pid = pid_of(source)
    assert is_gone(pid)
    assert (source.status.state, source.status.restarts) == ("live", 0)


def test_closed_before_it_was_started(clip: Path) -> None:
    camera(ClipSource(str(clip)), Mailbox(["north"])).close()


PARENT = """
import sys, time
from pathlib import Path
from edge_agent.config import CameraConfig, ClipSource, RtspSource
from edge_agent.sources.camera import CaptureSource
from edge_agent.sources.mailbox import Mailbox
box = Mailbox(["north"])
camera = CaptureSource(CameraConfig("north", "s", ClipSource(sys.argv[1], loop=True)), Path("/x"), box)
camera.start()
assert box.take(60)
print(camera.child_pid, flush=True)
time.sleep(600)
"""


def test_the_child_ends_when_its_parent_is_killed(clip: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(clip)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert not is_gone(child)
        parent.kill()
    until(lambda: is_gone(child) or Path(f"/proc/{child}/stat").read_text().split()[2] == "Z")


def test_the_job_is_not_to_be_seen_from_outside(clip: Path) -> None:
    """Neither arguments nor environment of the child tell what it opens: a URL holds a password."""
    source = camera(ClipSource(str(clip), loop=True), box := Mailbox(["north"]))
    with running(source):
        take(box)
        for file in ("cmdline", "environ"):
            assert clip.name.encode() not in Path(f"/proc/{pid_of(source)}/{file}").read_bytes()
