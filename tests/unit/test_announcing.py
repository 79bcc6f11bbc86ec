"""A device is found by whoever stands beside it: over real multicast, on this machine's own network alone."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner

from edge_agent import cli
from edge_agent.app.announcement import build_announcer
from edge_agent.config import WebConfig, load_config
from edge_agent.core.nearby import SERVICE, properties, read
from edge_agent.web import announcing
from edge_agent.web.announcing import Announcer, announced
from edge_agent.web.certificate import ensured, tls
from edge_agent.web.discovering import around
from edge_agent.web.door import Door
from edge_agent.web.server import PageServer
from tests.brokers import free_port
from tests.unit.test_live import site_in

HERE, ELSEWHERE, GROUP = "127.0.0.1", "127.0.0.2", "224.0.0.251"
PATIENCE_S, LISTEN_S = 10.0, 1.5
FINGERPRINT = ":".join(f"{number:02X}" for number in range(32))


@pytest.fixture(scope="module")
def multicast() -> None:
    """Skips where a message to a group does not come back to the machine that sent it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        ear.bind(("", 0))
        ear.settimeout(2)
        try:
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(HERE))
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HERE))
            mouth.sendto(b"heard", (GROUP, ear.getsockname()[1]))
            assert ear.recv(10) == b"heard"
        except OSError as error:
            pytest.skip(f"this machine has no multicast on {HERE}: {error}")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "LOOK_S", 0.05)


def announcer(device: str, addresses: Callable[[], tuple[str, ...]] = lambda: (HERE,)) -> Announcer:
    return Announcer(device, 8443, properties("Ngã tư Nguyễn Huệ", FINGERPRINT, "0.1.0"), addresses)


async def until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.02)


@pytest.mark.usefixtures("multicast")
def test_a_device_is_heard_while_it_is_there_and_only_once() -> None:
    async def scene() -> None:
        first, second, at = announcer("mc-1"), announcer("mc-1", lambda: tuple(at)), [ELSEWHERE]
        task = asyncio.create_task(first.run())
        await until(lambda: first.state == "on")
        impostor = asyncio.create_task(second.run())
        await until(lambda: second.state == "taken")
        (found,) = [one for one in await asyncio.to_thread(around, LISTEN_S, [HERE]) if one.device == "mc-1"]
        assert (found.site, found.version, found.url) == ("Ngã tư Nguyễn Huệ", "0.1.0", f"https://{HERE}:8443/")
        assert FINGERPRINT.startswith(found.fingerprint) and len(found.fingerprint) == 23
        at.clear()
        await until(lambda: second.state == "nowhere")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert "mc-1" not in [one.device for one in await asyncio.to_thread(around, LISTEN_S, [HERE])]
        at.append(ELSEWHERE)
        await until(lambda: second.state == "on")
        impostor.cancel()
        await asyncio.gather(impostor, return_exceptions=True)

    asyncio.run(scene())


def test_an_address_that_has_gone_again_is_tried_anew() -> None:
    async def scene() -> None:
        one, at = announcer("mc-3", lambda: tuple(at)), ["fd00::dead"]
        task = asyncio.create_task(one.run())
        await until(lambda: one.state == "failed" or task.done())
        at.clear()
        await until(lambda: one.state == "nowhere" or task.done())
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scene())


def test_a_host_that_can_be_no_name_is_said(tmp_path: Path) -> None:
    server = PageServer(web.Application, "a..b", 8443, tls(ensured(tmp_path, "mc-4")), Door())
    server.start()
    asyncio.run(until(lambda: "not open yet" not in str(server.problem)))
    assert str(server.problem).startswith("web: a..b:8443: ") and server._thread.is_alive()
    server.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Announcer, PageServer]]:
    one = announcer("mc-2")
    context = tls(ensured(tmp_path, "mc-2"))
    server = PageServer(web.Application, HERE, free_port(), context, Door(), one.run)
    server.start()
    yield one, server
    server.close()


@pytest.mark.usefixtures("multicast")
def test_a_page_that_is_served_is_listed_on_the_command_line(served: tuple[Announcer, PageServer]) -> None:
    asyncio.run(until(lambda: served[0].state == "on"))
    told = CliRunner().invoke(cli.group, ["discover", "--seconds", str(LISTEN_S), "--json"])
    (found,) = [one for one in json.loads(told.stdout) if one["device"] == "mc-2"]
    assert (found["addresses"], found["port"], found["site"]) == ([HERE], 8443, "Ngã tư Nguyễn Huệ")


def test_what_is_served_to_the_device_alone_is_not_announced(tmp_path: Path) -> None:
    config = load_config(site_in(tmp_path))
    for silent in (WebConfig(), WebConfig(host="localhost"), WebConfig(host="::1"), WebConfig(host="0.0.0.0", announce=False)):
        assert build_announcer(config, silent, FINGERPRINT) is None
    assert build_announcer(config, WebConfig(host="0.0.0.0"), FINGERPRINT) is not None


def test_no_address_is_announced_that_is_not_served() -> None:
    own = ("113.161.1.1", "2001:db9::1", "192.168.4.1", "10.0.0.7", "fd00::7")
    assert announced("0.0.0.0", own) == announced("", own) == ("192.168.4.1", "10.0.0.7")
    assert announced("::", ("2001:db9::1", "fd00::7")) == ("fd00::7",)
    assert announced("10.0.0.7", own) == ("10.0.0.7",)
    assert announced("8.8.8.8", own) == announced("a.name", own) == announced("0.0.0.0", ()) == ()


def test_what_a_stranger_says_of_himself_is_harmless() -> None:
    told = {b"site": b"\x1b[2J" + "Ngã tư".encode() + b"\xff" * 300, b"sha256": None, b"else": b"x"}
    found = read(f"qn-01.{SERVICE}", ["fe80::1%eth0", "192.168.4.1"], 8443, told)
    assert found is not None
    assert found.site.startswith("[2JNgã tư") and len(found.site) == 100 and found.site.isprintable()
    assert (found.addresses[0], found.fingerprint, found.version) == ("192.168.4.1", "", "")
    for name in (f"QN 01.{SERVICE}", f"../etc.{SERVICE}", f"\x1b[2J.{SERVICE}", SERVICE, f"{'x' * 64}.{SERVICE}"):
        assert read(name, ["192.168.4.1"], 8443, {}) is None, name
    assert read(f"qn-01.{SERVICE}", [], 8443, {}) is None and read(f"qn-01.{SERVICE}", ["192.168.4.1"], None, {}) is None


def test_a_long_site_is_told_as_far_as_it_goes() -> None:
    told = properties("ữ" * 200, FINGERPRINT, "0.1.0")
    assert told["site"] == "ữ" * 66 and told["sha256"] == "00:01:02:03:04:05:06:07"
