"""The web side as a process would see it: nobody passes unasked, the stream has no gaps, bad questions get 400."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from collector.app.ending import CannotServe
from collector.app.first_start import api_token
from collector.core.delivery import Received
from collector.core.sse import Parser, ServerEvent
from collector.outputs.telling import Desk
from collector.store.access.accounts import Accounts
from collector.store.alerts.alert_book import AlertBook
from collector.store.engines.sqlite import Sqlite, SqliteReaders
from collector.store.event_store import EventStore
from collector.store.questions import queries, searching
from collector.store.replaying import Replayed
from collector.web import alert_streams, feed, login
from collector.web.feed import AlertFeed
from collector.web.server import application
from collector.web.services import Reader, Services, Stills
from event_contract import topics
from event_contract.messages import LaneMinute, encode
from event_contract.times import parse_time
from tests.wire_messages import DEVICE, birth, event, incident, traffic_minute

T = TypeVar("T")
PASSWORD = "cau-thi-nai-2026"
STATUS = {
    "broker": {"connected": True, "reason": "", "refused": False, "connections": 1, "crashes": 0, "restarts": 0},
    "store": {"unavailable": None, "leading": True},
    "messages": {"store": 3},
    "subscribers": 0,
}


@dataclass
class Site:
    url: str
    token: str
    store: EventStore
    feed: AlertFeed
    app: web.Application
    http: aiohttp.ClientSession

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def put(self, *payloads: bytes, topic: str = topics.event(DEVICE, "incident")) -> None:
        committed = self.store.commit([Received(topic, payload, time.time()) for payload in payloads])
        self.feed.publish([(change.seq, change.body) for change in committed.changes])

    async def get(self, path: str, **headers: str) -> Any:
        async with self.http.get(self.url + path, headers={**self.bearer, **headers}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def log_in(self, password: str = PASSWORD, **headers: str) -> aiohttp.ClientResponse:
        form = {"username": "operator", "password": password}
        return await self.http.post(f"{self.url}/login", data=form, headers=headers, allow_redirects=False)


class Writer:
    """Does on the spot what the ingest's thread does."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def perform(self, work: Callable[[AlertBook], T]) -> Future[T]:
        return _done(self._store.perform(work)[0])

    def replay(self, n: int) -> Future[Replayed | None]:
        return _done(self._store.replay(n, time.time())[0])

    def drop_letter(self, n: int) -> Future[bool]:
        return _done(self._store.drop_letter(n))


def _done(answer: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(answer)
    return future


@asynccontextmanager
async def serving(
    tmp_path: Path,
    behind_proxy: bool = False,
    token: str | None = None,
    desk: Desk | None = None,
    stills: Stills | None = None,
) -> AsyncIterator[Site]:
    accounts = Accounts(tmp_path / "accounts.sqlite")
    if not accounts.users():
        accounts.set_password("operator", PASSWORD)
    store = EventStore(Sqlite(tmp_path / "events.sqlite"))
    reader = Reader(SqliteReaders(tmp_path / "events.sqlite"))
    alert_feed = AlertFeed(lambda after, limit: reader.ask(queries.alert_changes, after, limit))
    token = api_token(tmp_path) if token is None else token
    hosts, writer = frozenset({"127.0.0.1"}), Writer(store)
    desk = desk or Desk()
    services = Services(
        reader, alert_feed, accounts, token, hosts, lambda: STATUS, writer, behind_proxy, desk, stills=stills
    )
    app = application(services)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Site(f"http://{host}:{port}", token, store, alert_feed, app, http)
    await runner.cleanup()
    reader.close()
    store.close()
    accounts.close()


def run(tmp_path: Path, scene: Callable[[Site], Awaitable[None]], **how: Any) -> None:
    async def main() -> None:
        async with serving(tmp_path, **how) as site:
            await asyncio.wait_for(scene(site), 60)

    asyncio.run(main())


def test_no_route_but_the_public_ones_answers_a_stranger(tmp_path: Path) -> None:
    public = {("GET", "/healthz"), ("GET", "/login"), ("POST", "/login"), ("GET", "/static/{name}")}

    async def scene(site: Site) -> None:
        routes = {(route.method, route.resource.canonical) for route in site.app.router.routes() if route.resource}
        assert len(routes) > 15
        for method, path in routes - public - {("HEAD", path) for _, path in public}:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": f"{login.COOKIE}=wrong"}):
                async with site.http.request(method, site.url + path, headers=headers) as answer:
                    assert answer.status == 401, (method, path)
        for method, path in public - {("GET", "/static/{name}")}:
            async with site.http.request(method, site.url + path, allow_redirects=False) as answer:
                assert answer.status in (200, 303, 415), (method, path)

    run(tmp_path, scene)


def test_of_the_console_only_files_that_are_there_are_served(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        for name, status in (("app.js", 200), ("pages/map.js", 200), ("x" * 999, 404), ("..%2fserver.py", 404), ("pages", 404)):
            async with site.http.get(f"{site.url}/static/{name}") as answer:
                assert answer.status == status, name

    run(tmp_path, scene)


@pytest.mark.parametrize("given", ["Bearer", "Bearer ", "bearer \t"])
def test_an_empty_token_is_nobodys_secret(tmp_path: Path, given: str) -> None:
    async def scene(site: Site) -> None:
        async with site.http.get(f"{site.url}/api/v1/alerts", headers={"Authorization": given}) as answer:
            assert answer.status == 401

    run(tmp_path, scene, token="")


def test_a_browser_without_a_session_is_led_to_the_log_in(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        html = {"Accept": "text/html"}
        async with site.http.get(site.url + "/", headers=html, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/login")
        answer = await site.log_in("wrong password")
        assert (answer.status, answer.headers["Location"]) == (303, "/login?failed")
        answer = await site.log_in()
        assert answer.headers["Location"] == "/"
        cookie = answer.cookies[login.COOKIE]
        assert cookie["httponly"] and cookie["samesite"] == "Strict" and not cookie["secure"]
        async with site.http.get(site.url + "/", headers=html, allow_redirects=False) as page:
            assert page.status == 200
            assert page.headers["Cache-Control"] == "no-store"
            assert "script-src 'self'" in page.headers["Content-Security-Policy"]
            assert page.headers["X-Content-Type-Options"] == "nosniff"
        async with site.http.get(site.url + "/api/v1/alerts") as alerts:
            assert alerts.status == 200
        old = {"Cookie": f"{login.COOKIE}={cookie.value}"}
        await site.http.post(f"{site.url}/logout", allow_redirects=False)
        async with site.http.get(site.url + "/api/v1/alerts", headers=old) as alerts:
            assert alerts.status == 401

    run(tmp_path, scene)


def test_five_failures_lock_the_account_and_the_address(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        for _ in range(5):
            assert (await site.log_in("wrong")).headers["Location"] == "/login?failed"
        assert (await site.log_in()).headers["Location"] == "/login?locked"

    run(tmp_path, scene)


def test_behind_a_proxy_the_lock_is_for_the_address_that_the_proxy_names_and_the_cookie_is_secure(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        async def attempt(name: str, password: str, forwarded: str) -> aiohttp.ClientResponse:
            form, headers = {"username": name, "password": password}, {"X-Forwarded-For": forwarded}
            return await site.http.post(f"{site.url}/login", data=form, headers=headers, allow_redirects=False)

        for n in range(5):  # what a client writes there itself stands first
            answer = await attempt(f"nobody-{n}", "wrong", f"198.51.100.{n}, 203.0.113.7")
            assert answer.headers["Location"] == "/login?failed"
        assert (await attempt("operator", PASSWORD, "203.0.113.7")).headers["Location"] == "/login?locked"
        answer = await attempt("operator", PASSWORD, "203.0.113.7, 203.0.113.8")
        assert answer.headers["Location"] == "/"
        assert answer.cookies[login.COOKIE]["secure"]

    run(tmp_path, scene, behind_proxy=True)


@pytest.mark.parametrize(
    ("peer", "forwarded", "behind_proxy", "address"),
    [
        ("127.0.0.1", ["203.0.113.7"], True, "203.0.113.7"),
        ("10.1.2.3", ["203.0.113.7", "2001:DB8::1"], True, "2001:db8::1"),
        ("127.0.0.1", ["203.0.113.7"], False, "127.0.0.1"),
        ("198.18.0.1", [], True, "198.18.0.1"),
        ("8.8.8.8", ["203.0.113.7"], True, "8.8.8.8"),
        ("127.0.0.1", ["203.0.113.7, unknown"], True, "127.0.0.1"),
        (None, ["203.0.113.7"], True, "unknown"),
    ],
)
def test_who_asks(peer: str | None, forwarded: list[str], behind_proxy: bool, address: str) -> None:
    headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
    request = make_mocked_request("POST", "/login", headers=headers).clone(remote=peer)
    assert login.address_of(request, behind_proxy) == address


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1.evil.example"])
def test_a_form_from_another_origin_is_refused(tmp_path: Path, origin: str) -> None:
    async def scene(site: Site) -> None:
        assert (await site.log_in(Origin=origin)).status == 403
        assert (await site.log_in(Origin=site.url)).status == 303
        assert (await site.log_in(**{"Sec-Fetch-Site": "cross-site"})).status == 403

    run(tmp_path, scene)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", "/healthz", {"Host": "["}, b""),
        ("POST", "/login", {"Origin": "http://["}, b""),
        ("POST", "/login", {"Content-Type": "application/x-www-form-urlencoded; charset=foo"}, b"username=a&password=b"),
        ("POST", "/login", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\nbroken"),
        ("POST", "/login", {"Content-Type": "application/x-www-form-urlencoded"}, b"username=%ff&password=\xff"),
    ],
)
def test_a_stranger_s_odd_request_is_his_fault_not_ours(
    tmp_path: Path, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    async def scene(site: Site) -> None:
        async with site.http.request(method, site.url + path, headers=headers, data=body, allow_redirects=False) as answer:
            assert 300 <= answer.status < 500, await answer.text()

    run(tmp_path, scene)


def test_a_foreign_host_name_is_refused_even_with_the_token(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        async with site.http.get(site.url + "/healthz", headers={**site.bearer, "Host": "evil.example"}) as answer:
            assert answer.status == 421

    run(tmp_path, scene)


@pytest.mark.parametrize(
    "path",
    [
        "/alerts?state=ajar",
        "/alerts?limit=0",
        "/alerts?limit=1001",
        "/alerts?before=x",
        "/events?after=-1",
        "/events?after=99999999999999999999",
        "/traffic?minutes=0",
        "/traffic?minutes=٣",
        "/traffic?by=week",
        "/traffic?by=hour&from=2026-03-02",
        "/events?to=tomorrow",
        "/dead-letters?from=x",
        "/alerts/stream?last_event_id=x",
    ],
)
def test_a_bad_question_names_the_parameter(tmp_path: Path, path: str) -> None:
    async def scene(site: Site) -> None:
        async with site.http.get(f"{site.url}/api/v1{path}", headers=site.bearer) as answer:
            assert answer.status == 400
            assert "expected" in await answer.text()

    run(tmp_path, scene)


def test_what_the_api_says(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.put(encode(birth(1, 2)), topic=topics.status(DEVICE))
        payload = event(incident(), 1)
        site.put(payload, event(incident(incident="r/north/18"), 2))
        site.put(event(traffic_minute(), 1, stream="s2", event_class="state"), topic=topics.event(DEVICE, "state"))
        site.put(b"garbage")
        alerts = (await site.get("/api/v1/alerts?state=open&limit=1"))["alerts"]
        assert [alert["id"] for alert in alerts] == [f"{DEVICE}/r/north/18"]
        older = (await site.get(f"/api/v1/alerts?before={alerts[0]['seq']}"))["alerts"]
        assert [alert["id"] for alert in older] == [f"{DEVICE}/9f2c61d0/north/17"]
        assert older[0]["site"] == "qn-test"
        page = await site.get("/api/v1/events?limit=2")
        assert page["events"][0]["event"] == msgspec.json.decode(payload)
        rest = await site.get(f"/api/v1/events?after={page['next']}&class=state&device={DEVICE}&kind=traffic_minute")
        assert [one["kind"] for one in rest["events"]] == ["traffic_minute"]
        assert (await site.get(f"/api/v1/events?after={rest['next']}")) == {"events": [], "next": rest["next"]}
        [device] = (await site.get("/api/v1/devices"))["devices"]
        assert (device["events"], device["missing"], device["online"]) == (3, 0, True)
        assert [one["camera"] for one in (await site.get("/api/v1/traffic"))["minutes"]] == ["north"]
        stored = {one["stream"]: one["ranges"] for one in (await site.get(f"/api/v1/streams?device={DEVICE}"))["streams"]}
        assert sorted(stored.values()) == [[[1, 1]], [[1, 2]]]
        assert (await site.get("/api/v1/dead-letters"))["dead_letters"][0]["text"] == "garbage"
        summary = await site.get("/api/v1/summary")
        assert (summary["events"], summary["alerts_open"], summary["dead_letters"], summary["missing"]) == (3, 2, 1, 0)
        assert (await site.get("/readyz"))["ready"] is True
        async with site.http.get(site.url + "/metrics", headers=site.bearer) as answer:
            metrics = await answer.text()
        assert "kerbwatch_events 3.0" in metrics
        assert 'kerbwatch_messages_total{outcome="store"} 3.0' in metrics

    run(tmp_path, scene)


def test_a_span_of_time_is_read_page_by_page_of_one_device_and_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "NUMBERS_PER_PAGE", 3)
    moments = [parse_time("2026-03-02T00:00:00Z") + 60 * n for n in range(10)]
    disorder = [5, 1, 9, 0, 3, 7, 2, 8, 6, 4]

    async def pages(site: Site, query: str) -> tuple[list[int], int]:
        after, found, asked = 0, [], 0
        while True:
            page = await site.get(f"/api/v1/events?after={after}&limit=2&{query}")
            found += [one["seq"] - 1 for one in page["events"]]
            after, asked = page["next"], asked + 1
            if after >= page["newest"]:
                return found, asked

    async def scene(site: Site) -> None:
        for n in disorder:
            site.put(event({"kind": "x"}, n + 1, at=moments[n]))
        span = "from=2026-03-02T07:03:00+07:00&to=2026-03-02T00:07:00Z"
        assert await pages(site, span) == ([5, 3, 6, 4], 4)  # three numbers a page
        assert await pages(site, f"{span}&device={DEVICE}") == ([5, 3, 6, 4], 2)  # two events a page
        assert (await pages(site, f"{span}&device=nobody"))[0] == []
        assert (await pages(site, f"{span}&kind=y"))[0] == (await pages(site, f"{span}&class=state"))[0] == []

    run(tmp_path, scene)


def test_traffic_is_told_by_hour_and_day(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        for n, begins in enumerate(("2026-03-02T00:15:00Z", "2026-03-02T01:15:00Z", "2026-03-03T01:15:00Z"), 1):
            minute = traffic_minute(from_=begins, lanes=(LaneMinute(lane="1", counts={"car": n}),))
            payload = event(minute, n, stream="s2", event_class="state", at=parse_time(begins) + 60)
            site.put(payload, topic=topics.event(DEVICE, "state"))
        site.store.roll_up(7 * 3600)
        span = "from=2026-03-02T00:00:00Z&to=2026-03-04T00:00:00Z"
        hours = await site.get(f"/api/v1/traffic?by=hour&{span}&device={DEVICE}&camera=north")
        assert [hour["lanes"][0]["counts"]["car"] for hour in hours["hours"]] == [1, 2, 3]
        assert hours["more"] is False
        first = await site.get(f"/api/v1/traffic?by=hour&{span}&limit=1")
        assert (len(first["hours"]), first["more"]) == (1, True)
        days = await site.get("/api/v1/traffic?by=day&from=2026-03-01T17:00:00Z&to=2026-03-04T00:00:00Z")
        assert [day["from"] for day in days["days"]] == ["2026-03-01T17:00:00.000Z", "2026-03-02T17:00:00.000Z"]
        assert (await site.get("/api/v1/traffic?by=hour"))["hours"] == []  # those of the last two days

    run(tmp_path, scene)


def test_dead_letters_are_shown_read_again_and_deleted(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.put(b"garbage", b"rubbish")
        letter = await site.get("/api/v1/dead-letters/1")
        assert (letter["text"], letter["payload"]) == ("garbage", "Z2FyYmFnZQ==")
        path = site.url + "/api/v1/dead-letters"
        wrong = (("GET", "/9", 404), ("POST", "/9/replay", 404), ("DELETE", "/9", 404), ("POST", "/1", 405))
        for method, place, status in wrong:
            async with site.http.request(method, path + place, headers=site.bearer) as answer:
                assert answer.status == status
        async with site.http.post(f"{path}/1/replay", headers=site.bearer) as answer:
            assert (await answer.json())["outcome"] == "unread"
        async with site.http.delete(f"{path}/1", headers={**site.bearer, "Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
        async with site.http.delete(f"{path}/1", headers=site.bearer) as answer:
            assert (await answer.json())["text"] == "garbage"
        assert [one["text"] for one in (await site.get("/api/v1/dead-letters"))["dead_letters"]] == ["rubbish"]

    run(tmp_path, scene)


async def follow(site: Site, place: int | None, count: int) -> list[ServerEvent]:
    headers = {**site.bearer, **({} if place is None else {"Last-Event-ID": str(place)})}
    events: list[ServerEvent] = []
    parser = Parser()
    async with site.http.get(f"{site.url}/api/v1/alerts/stream", headers=headers) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        while len(events) < count:
            event = parser.line((await answer.content.readline()).decode())
            if event is not None:
                events.append(event)
    return events


def test_the_stream_replays_from_any_place_and_goes_on_live_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "RING_CHANGES", 8)  # so that replay comes from the store and from the ring
    monkeypatch.setattr(feed, "PAGE_CHANGES", 5)
    total = 60

    async def scene(site: Site) -> None:
        async def produce() -> None:
            for seq in range(1, total + 1):
                site.put(event(incident(revision=seq), seq))
                await asyncio.sleep(0.002 * (seq % 3))

        readers = [asyncio.create_task(follow(site, place, total - place)) for place in (0, 0, 0)]
        await produce()
        late = [asyncio.create_task(follow(site, place, total - place)) for place in (0, 17, 55, 59)]
        for place, followed in zip((0, 0, 0, 0, 17, 55, 59), await asyncio.gather(*readers, *late), strict=True):
            assert [int(one.id) for one in followed] == list(range(place + 1, total + 1))
            assert {one.name for one in followed} == {"alert"}
            assert msgspec.json.decode(followed[-1].data)["revision"] == total

    run(tmp_path, scene)


def test_the_stream_without_a_place_begins_now(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.put(event(incident(), 1))
        following = asyncio.create_task(follow(site, None, 1))
        while not site.feed.subscribers:
            await asyncio.sleep(0.01)
        site.put(event(incident(revision=2), 2))
        [change] = await following
        assert change.id == "2"
        while site.feed.subscribers:
            await asyncio.sleep(0.01)

    run(tmp_path, scene)


def test_a_place_from_another_database_waits_for_what_comes(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        following = asyncio.create_task(follow(site, 999, 1))
        while not site.feed.subscribers:
            await asyncio.sleep(0.01)
        site.put(event(incident(), 1))
        assert [change.id for change in await following] == ["1"]

    run(tmp_path, scene)


def test_a_place_older_than_what_is_kept_begins_anew_with_all_that_is_known(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        old = time.time() - 800 * 86400
        for seq, name in enumerate(("stays", "ends", "ends"), 1):
            told = incident(incident=name, revision=seq, phase="end" if seq == 3 else "new")
            site.store.commit([Received(topics.event(DEVICE, "incident"), event(told, seq), old)])
        site.put(event(incident(incident="young"), 4))
        site.put(event(incident(incident="young", revision=2), 5))
        site.store.look_after(time.time(), {"incident": 730.0, "state": 180.0, "telemetry": 30.0})
        for place in (0, 1, 2):
            reset, *alerts = await follow(site, place, 4)
            assert (reset.name, reset.data, reset.id) == ("reset", "{}", "")
            assert [(one.name, one.id) for one in alerts] == [("alert", "1"), ("alert", "4"), ("alert", "5")]
        assert [one.id for one in await follow(site, 3, 2)] == ["4", "5"]
        while site.feed.subscribers:
            await asyncio.sleep(0.01)
        following = asyncio.create_task(follow(site, None, 1))
        while not site.feed.subscribers:
            await asyncio.sleep(0.01)
        site.put(event(incident(incident="young", revision=3), 6))
        assert [one.id for one in await following] == ["6"]

    run(tmp_path, scene)


def test_a_quiet_stream_says_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_streams, "KEEP_ALIVE_S", 0.05)

    async def scene(site: Site) -> None:
        async with site.http.get(f"{site.url}/api/v1/alerts/stream", headers=site.bearer) as answer:
            lines = [await answer.content.readline() for _ in range(4)]
            assert lines[0].startswith(b"retry:") and lines[2].startswith(b":")

    run(tmp_path, scene)


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("how", ["logged out", "new password", "user deleted", "session expired"])
def test_a_stream_ends_with_its_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, busy: bool) -> None:
    monkeypatch.setattr(alert_streams, "KEEP_ALIVE_S", 0.05)
    db = sqlite3.connect(tmp_path / "accounts.sqlite", isolation_level=None)

    async def chatter(site: Site) -> None:
        for revision in count(1):
            site.put(event(incident(revision=revision), revision))
            await asyncio.sleep(0.01)

    async def scene(site: Site) -> None:
        await site.log_in()
        async with site.http.get(f"{site.url}/api/v1/alerts/stream") as answer:
            talking = asyncio.create_task(chatter(site)) if busy else None
            for _ in range(20):  # it outlives several looks at the session
                assert await answer.content.readline()
            match how:
                case "logged out":
                    await site.http.post(f"{site.url}/logout", allow_redirects=False)
                case "new password":
                    with closing(Accounts(tmp_path / "accounts.sqlite")) as elsewhere:
                        elsewhere.set_password("operator", PASSWORD + "x")
                case "user deleted":
                    db.execute("DELETE FROM users")
                case "session expired":
                    db.execute("UPDATE sessions SET expires = 1")
            await answer.content.read()
            if talking:
                talking.cancel()

    run(tmp_path, scene)
    db.close()


def test_a_subscriber_that_takes_nothing_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_streams, "SLOW_AFTER_S", 0.3)

    async def scene(site: Site) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rsplit(":", 1)[1]), limit=1)
        request = "GET /api/v1/alerts/stream?last_event_id=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        writer.write(f"{request}Authorization: Bearer {site.token}\r\n\r\n".encode())
        padded = {"note": "x" * 50_000}
        seq = 0
        while not site.feed.subscribers:
            await asyncio.sleep(0.01)
        while site.feed.subscribers:
            seq += 1
            site.put(event(incident(revision=seq, detail=padded), seq))
            await asyncio.sleep(0.005)
        assert [int(one.id) for one in await follow(site, 0, seq)] == list(range(1, seq + 1))
        writer.close()

    run(tmp_path, scene)


def test_a_stream_that_takes_nothing_delays_no_other(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rsplit(":", 1)[1]), limit=1)
        request = "GET /api/v1/alerts/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        writer.write(f"{request}Authorization: Bearer {site.token}\r\n\r\n".encode())
        while not site.feed.subscribers:
            await asyncio.sleep(0.01)
        quick = asyncio.create_task(follow(site, 0, 160))
        while site.feed.subscribers < 2:
            await asyncio.sleep(0.01)
        for seq in range(1, 161):  # more than the system keeps for who takes nothing
            site.put(event(incident(revision=seq, detail={"note": "x" * 50_000}), seq))
            await asyncio.sleep(0)
        assert [int(one.id) for one in await quick] == list(range(1, 161))
        assert site.feed.subscribers >= 1  # the other one is still there, and behind
        writer.close()

    run(tmp_path, scene)


def test_accounts_survive_a_restart_and_a_new_password_ends_the_sessions(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.sqlite")
    accounts.set_password("operator", PASSWORD)
    session = accounts.open_session("operator")
    accounts.close()
    again = Accounts(tmp_path / "accounts.sqlite")
    assert again.check("operator", PASSWORD)
    assert not again.check("operator", PASSWORD + "x")
    assert not again.check("nobody", PASSWORD)
    who = again.who(session)
    assert who and who.name == "operator"
    again.set_password("operator", PASSWORD + "x")
    assert again.who(session) is None
    content = (tmp_path / "accounts.sqlite").read_bytes()
    assert PASSWORD.encode() not in content and session.encode() not in content
    assert (tmp_path / "accounts.sqlite").stat().st_mode & 0o077 == 0
    again.close()


@pytest.mark.parametrize("left", [None, "", "\n"])
def test_a_token_file_that_a_crash_left_empty_is_made_anew(tmp_path: Path, left: str | None) -> None:
    file = tmp_path / "api-token"
    if left is not None:
        file.write_text(left)
    token = api_token(tmp_path)
    assert len(token) >= 40
    assert file.read_text() == f"{token}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert api_token(tmp_path) == token
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("left", [b"short", b"twenty letters or so, with spaces", b"\xff" * 40])
def test_a_token_file_that_holds_no_token_is_refused_and_left_alone(tmp_path: Path, left: bytes) -> None:
    file = tmp_path / "api-token"
    file.write_bytes(left)
    with pytest.raises(CannotServe, match="api-token: holds no token"):
        api_token(tmp_path)
    assert file.read_bytes() == left
    file.unlink()
    file.mkdir()
    with pytest.raises(CannotServe, match="api-token: Is a directory"):
        api_token(tmp_path)
