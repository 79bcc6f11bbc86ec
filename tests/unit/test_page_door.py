"""One caller cannot keep the others out of the device's page, however slow, silent or busy he is; and it is counted."""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.web import access, door, server
from edge_agent.web.door import Door
from edge_agent.web.figures import LogLine
from edge_agent.web.pace import ADDRESSES_WATCHED, Pace
from edge_agent.web.problems import ERRORS
from tests.unit.running_page import RunningPage, running_page

PATIENCE_S = 20.0
LIMITS = {server: {"QUIET_S": 0.4, "HANDSHAKE_S": 0.3, "UNDER_WAY_S": 0.3}, access: {"BODY_S": 0.3}, door: {"STALLED_S": 0.3}}
LONG_LOG = tuple(LogLine(at="", level="info", name="x", text="x" * 40_000) for _ in range(400))  # no buffer holds 16 MB


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    """Hurried: it waits for nobody for as long as it usually does."""
    with pytest.MonkeyPatch.context() as patch:
        for module, limits in LIMITS.items():
            for name, value in limits.items():
                patch.setattr(module, name, value)
        with running_page(tmp_path_factory.mktemp("door"), door=Door(4, 3, per_s=1e6, burst=1e6), log=LONG_LOG) as running:
            running.viewers.picture = bytes(3_000_000)
            yield running


@pytest.fixture
def cookie(page: RunningPage) -> str:
    return page.cookie()


def until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def dialled(page: RunningPage) -> socket.socket:
    return socket.create_connection(("127.0.0.1", page.port), PATIENCE_S)


def hung_up(caller: socket.socket) -> bool:
    with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
        return caller.recv(1) == b""
    return True


def spoken_to(page: RunningPage, said: bytes) -> ssl.SSLSocket:
    caller = ssl.create_default_context(cafile=page.folder / "page.pem").wrap_socket(dialled(page), server_hostname="127.0.0.1")
    caller.sendall(said)
    return caller


def test_there_is_room_for_so_many_and_for_fewer_of_one_address() -> None:
    entrance = Door(most=3, most_of_one=2)
    assert [entrance.enter("a") for _ in range(3)] == [True, True, False]
    assert [entrance.enter("b") for _ in range(2)] == [True, False]
    assert (entrance.turned_away["full_of_one"], entrance.turned_away["full"], entrance.inside) == (1, 1, 3)
    entrance.leave("a")
    assert entrance.enter("a") and not entrance.enter("b")


def test_who_comes_too_often_waits_and_the_others_do_not() -> None:
    pace = Pace(per_s=2, burst=3)
    assert [pace.admits("a", 0) for _ in range(5)] == [True, True, True, False, False]
    assert pace.admits("b", 0)
    assert [pace.admits("a", 0.5), pace.admits("a", 0.5)] == [True, False]
    assert [pace.admits("a", 100) for _ in range(4)] == [True, True, True, False]
    for number in range(ADDRESSES_WATCHED):
        assert pace.admits(f"another {number}", 100)
    assert pace.admits("a", 100)  # forgotten, as whoever came longest ago


def test_the_port_is_full_for_one_and_has_room_again(page: RunningPage) -> None:
    before = page.door.now("off")
    callers = [dialled(page) for _ in range(4)]
    assert hung_up(callers[3])
    assert page.door.now("off").turned_away["full_of_one"] == before.turned_away["full_of_one"] + 1
    for caller in callers:
        caller.close()
    until(lambda: page.door.inside == 0)
    assert page.ask("GET", "/login").status == 200


def test_who_never_shakes_hands_is_hung_up_on(page: RunningPage) -> None:
    before = page.door.turned_away["no_handshake"]
    silent, stammering = dialled(page), dialled(page)
    stammering.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert hung_up(silent) and hung_up(stammering)
    until(lambda: page.door.turned_away["no_handshake"] == before + 2 and page.door.inside == 0)


def test_a_head_that_trickles_is_not_waited_for(page: RunningPage) -> None:
    caller = spoken_to(page, b"GET /login HTTP/1.1\r\n")
    with contextlib.suppress(OSError):
        for number in range(1000):
            caller.sendall(b"X-%d: x\r\n" % number)
            time.sleep(0.05)
        raise AssertionError("it went on for 50 s")
    until(lambda: page.door.inside == 0)


def test_a_body_that_trickles_is_not_waited_for(page: RunningPage) -> None:
    before = page.door.refused[408]
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nContent-Length: 100\r\n"
    caller = spoken_to(page, f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nuser".encode())
    assert caller.recv(12) == b"HTTP/1.1 408"
    assert page.door.refused[408] == before + 1
    caller.close()


@pytest.mark.parametrize(("path", "stalled"), [("/api/v1/log?limit=500", 0), ("/api/v1/live/north", 1)])
def test_who_takes_nothing_is_hung_up_on(page: RunningPage, cookie: str, path: str, stalled: int) -> None:
    before = page.door.turned_away["stalled"]
    caller = spoken_to(page, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nCookie: {cookie}\r\n\r\n".encode())
    assert caller.recv(12) == b"HTTP/1.1 200"
    until(lambda: page.door.inside == 0)
    assert page.door.turned_away["stalled"] == before + stalled
    until(lambda: page.viewers.joined == 0)
    assert not page.applications[0][ERRORS]
    caller.close()


def test_who_takes_what_he_asked_for_has_all_of_it(page: RunningPage, cookie: str) -> None:
    assert len(page.ask("GET", "/api/v1/log?limit=500", cookie=cookie).json["lines"]) == 400


def test_a_stranger_who_asks_without_end_is_refused_and_nobody_else(tmp_path: Path) -> None:
    with running_page(tmp_path, door=Door(per_s=0.0, burst=20)) as page:
        cookie = page.cookie()
        connection = page.connect()
        stranger, technician = [], []
        for told, headers in ((stranger, {}), (technician, {"Cookie": cookie})):
            for _ in range(30):
                connection.request("GET", "/api/v1/me", headers=headers)
                answer = connection.getresponse()
                answer.read()
                told.append(answer.status)
        connection.close()
        assert set(stranger[:10]) == {401} and set(stranger[-10:]) == {429} and set(technician) == {200}
        assert page.door.now("off").refused["429"] == stranger.count(429)
        assert hung_up(dialled(page)) and page.door.turned_away["too_often"] == 1
