"""The alert stream by WebSocket: from any place without a gap, for nobody else, and no slow reader holds others back."""

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from collector.core.delivery import Received
from collector.web import alert_streams, feed
from event_contract import topics
from tests.unit.test_collector_web import Site, run
from tests.wire_messages import DEVICE, event, incident

SOCKET = "/api/v1/alerts/ws"


async def follow(site: Site, place: int | None, count: int) -> list[dict[str, Any]]:
    query = "" if place is None else f"?after={place}"
    async with site.http.ws_connect(site.url + SOCKET + query, headers=site.bearer) as socket:
        return [await socket.receive_json(timeout=10) for _ in range(count)]


def test_it_replays_from_any_place_and_goes_on_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "RING_CHANGES", 8)
    monkeypatch.setattr(feed, "PAGE_CHANGES", 5)

    async def scene(site: Site) -> None:
        early = asyncio.create_task(follow(site, 0, 40))
        for seq in range(1, 41):
            site.put(event(incident(revision=seq), seq))
            await asyncio.sleep(0.001)
        for place, told in ((0, await early), (17, await follow(site, 17, 23)), (39, await follow(site, 39, 1))):
            assert [one["seq"] for one in told] == list(range(place + 1, 41))
            assert {one["type"] for one in told} == {"alert"}
            assert [one["alert"]["seq"] for one in told] == [one["seq"] for one in told]
        while site.feed.subscribers:
            await asyncio.sleep(0.01)
        now = asyncio.create_task(follow(site, None, 1))
        while not site.feed.subscribers:
            await asyncio.sleep(0.01)
        site.put(event(incident(revision=41), 41))
        assert [one["seq"] for one in await now] == [41]

    run(tmp_path, scene)


def test_a_place_older_than_what_is_kept_begins_anew(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        for seq, revision in ((1, 1), (2, 2)):
            told = event(incident(revision=revision, phase="end" if revision == 2 else "new"), seq)
            site.store.commit([Received(topics.event(DEVICE, "incident"), told, time.time() - 800 * 86400)])
        site.put(event(incident(incident="young"), 3))
        site.store.look_after(time.time(), {"incident": 730.0})
        assert [(one["type"], one.get("seq")) for one in await follow(site, 0, 2)] == [("reset", None), ("alert", 3)]

    run(tmp_path, scene)


def test_it_is_for_nobody_else(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        await site.log_in()
        for path, headers, status in (
            (SOCKET, {"Authorization": "Bearer wrong"}, 401),
            (SOCKET, {"Origin": "https://elsewhere.example"}, 403),
            (f"{SOCKET}?after=x", site.bearer, 400),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await site.http.ws_connect(site.url + path, headers=headers)
            assert refused.value.status == status

    run(tmp_path, scene)


def test_it_ends_with_its_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_streams, "KEEP_ALIVE_S", 0.05)

    async def scene(site: Site) -> None:
        await site.log_in()
        async with site.http.ws_connect(site.url + SOCKET) as socket:
            await asyncio.sleep(0.2)  # several looks at the session
            assert not socket.closed
            await site.http.post(f"{site.url}/logout", allow_redirects=False)
            farewell = await socket.receive(timeout=10)
            assert (farewell.type, farewell.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.POLICY_VIOLATION)

    run(tmp_path, scene)


def test_who_takes_nothing_is_cut_and_delays_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_streams, "SLOW_AFTER_S", 0.3)

    async def scene(site: Site) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rsplit(":", 1)[1]), limit=1)
        upgrade = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}=="
        bearer = f"Authorization: Bearer {site.token}"
        writer.write(f"GET {SOCKET}?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}\r\n{upgrade}\r\n\r\n".encode())
        while not site.feed.subscribers:
            await asyncio.sleep(0.01)
        async with site.http.ws_connect(f"{site.url}{SOCKET}?after=0", headers=site.bearer) as quick:
            seq = 0
            while site.feed.subscribers == 2 or seq == 0:
                seq += 1
                site.put(event(incident(revision=seq, detail={"note": "x" * 50_000}), seq))
                assert (await quick.receive_json(timeout=10))["seq"] == seq
            assert site.feed.subscribers == 1
        writer.close()

    run(tmp_path, scene)
