"""The service manager's watchdog is fed while every worker goes on, and by nobody else: played over a real notify socket."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.core.health.progress import Beat
from edge_agent.health.service_manager import ServiceManager
from edge_agent.health.watchdog import Watchdog


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        yield listening


def environment(manager: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def test_what_systemd_is_told(manager: socket.socket) -> None:
    told = ServiceManager(environment(manager))
    for tell in (told.ready, told.feed, told.stopping, lambda: told.say("đang xem đường\nand more")):
        tell()
    heard = [manager.recv(200).decode() for _ in range(4)]
    assert heard == ["READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=đang xem đường"]


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0kerbwatch-test-{os.getpid()}")
        listening.settimeout(10)
        ServiceManager({"NOTIFY_SOCKET": f"@kerbwatch-test-{os.getpid()}"}).ready()
        assert listening.recv(200) == b"READY=1"


def test_a_manager_that_is_gone_or_does_not_read_holds_nobody_up(tmp_path: Path, manager: socket.socket) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).feed()
    ServiceManager({}).feed()
    full = ServiceManager(environment(manager))
    for _ in range(5_000):  # more than a socket holds
        full.feed()


@pytest.mark.parametrize(
    ("told", "watchdog_s"),
    [({"WATCHDOG_USEC": "15000000"}, 15.0), ({"WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "1"}, None), ({}, None)],
)
def test_only_the_process_that_is_watched_feeds(manager: socket.socket, told: dict[str, str], watchdog_s: float | None) -> None:
    assert ServiceManager(environment(manager, **told)).watchdog_s == watchdog_s
    assert ServiceManager(told).watchdog_s is None  # no socket, nobody to feed


def test_a_stuck_worker_is_named_and_starves_the_watchdog_until_it_goes_on(
    manager: socket.socket, capfd: pytest.CaptureFixture[str]
) -> None:
    beats = {"event-sink": Beat(time.monotonic(), 1000.0)}
    watchdog = Watchdog(ServiceManager(environment(manager, WATCHDOG_USEC="30000")), lambda: dict(beats))
    watchdog.start()
    assert manager.recv(200) == b"WATCHDOG=1"
    beats["camera north"] = Beat(time.monotonic() - 30, 25.0)
    heard = b""
    while not heard.startswith(b"STATUS="):
        heard = manager.recv(200)
    assert heard == b"STATUS=stuck: camera north for 30 s"
    manager.settimeout(0.2)  # of a watchdog that was fed every 0.01 s
    with pytest.raises(TimeoutError):
        manager.recv(200)
    manager.settimeout(10)
    del beats["camera north"]
    assert manager.recv(200) == b"WATCHDOG=1"
    watchdog.close()
    said = capfd.readouterr().err
    assert said.count("edge-agent: stuck: camera north for 30 s; the service manager starts it again") == 1
    assert "test_health_watchdog.py" in said  # where each thread stood


def test_nobody_is_fed_where_nobody_watches(manager: socket.socket) -> None:
    watchdog = Watchdog(ServiceManager(environment(manager)), dict)
    watchdog.start()
    watchdog.close()
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(200)
