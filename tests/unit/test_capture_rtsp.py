"""A network camera for real: an RTSP server that asks for a password, is killed, stopped and started again."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from edge_agent.config import RtspSource
from edge_agent.sources.mailbox import Mailbox
from tests.unit.test_capture import camera, running, take, until

PYTHON = "/usr/bin/python3"  # Debian's, which has its GObject bindings
SERVER = Path(__file__).with_name("rtsp_server.py")
PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer; Gst.init(None); "
PROBE += "exit(not Gst.ElementFactory.find('x264enc') or not Gst.ElementFactory.find('rtph264pay'))"
NEEDED = "gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly python3-gi"
USER, PASSWORD = "kerb", "p@ss/word 1"


@pytest.fixture(scope="module")
def port() -> int:
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", PROBE], capture_output=True).returncode:
        pytest.skip(f"no RTSP server to test with; apt-get install {NEEDED}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[str]]:
    arguments = [PYTHON, str(SERVER), str(port), USER, PASSWORD]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        try:
            yield server
        finally:
            server.kill()


def source(port: int, password: str = PASSWORD, transport: str = "tcp") -> RtspSource:
    return RtspSource(url=f"rtsp://{USER}:{quote(password, safe='')}@127.0.0.1:{port}/cam", transport=transport)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_that_dies_comes_back(port: int, transport: str) -> None:
    box = Mailbox(["north"])
    north = camera(source(port, transport=transport), box, stall_s=5)
    with running(north):
        with serving(port):
            frames = [take(box) for _ in range(10)]
            assert frames[0].pixels.shape == (192, 320, 3)
            assert frames[0].pixels.std() > 20  # a test card, not grey
            assert frames[-1].index >= 9
        until(lambda: north.status.state == "failed")
        assert north.status.reason.startswith("camera north: ")
        assert PASSWORD not in north.status.reason
        with serving(port):
            until(lambda: north.status.state == "live")
            assert north.status.restarts >= 1
            assert take(box).index > frames[-1].index


def test_a_camera_that_hangs_is_given_up_and_comes_back(port: int) -> None:
    box = Mailbox(["north"])
    north = camera(source(port), box, stall_s=3)
    with running(north), serving(port) as server:
        take(box)
        server.send_signal(signal.SIGSTOP)
        until(lambda: north.status.state == "failed")
        assert north.status.reason == "camera north: no frame for 3 s; check the cable or the URL"
        server.send_signal(signal.SIGCONT)
        until(lambda: north.status.state == "live")


def test_a_wrong_password_is_told_and_not_shown(port: int) -> None:
    box = Mailbox(["north"])
    north = camera(source(port, "wrong/secret"), box)
    with serving(port), running(north):
        until(lambda: north.status.state == "failed")
        reason = north.status.reason
    assert reason.startswith(f"camera north: rtsp://127.0.0.1:{port} cannot be opened; check address, path, user")
    assert "401 (Unauthorized)" in reason
    assert "secret" not in reason
    assert USER not in reason
