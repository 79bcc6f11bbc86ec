"""The software of an operations centre: a server-sent stream, a WebSocket, a webhook and four feeds, with a viewer's token.

They live in a thread of their own, and know of the collector what its documents say.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from collector.core.sse import Parser
from scripts.operations_centre import reading
from scripts.operations_centre.reading import PHASES, Phase

LOOK_EVERY_S = 0.5
FEEDS: dict[str, tuple[str, Callable[[bytes], Iterable[reading.Told]]]] = {
    "DATEX II": ("datex2", reading.datex2),
    "NGSI-LD": ("ngsi-ld", reading.ngsi_ld),
    "GeoJSON": ("geojson", reading.geojson),
}
RECEIVERS = ("SSE", "WebSocket", "webhook", "CAP", *FEEDS)
Alert = dict[str, Any]


@dataclass
class Heard:
    """What has come so far; the receivers' thread writes it, the demo's reads it."""

    first_s: dict[tuple[str, str, Phase], float] = field(default_factory=dict)  # (receiver, UUID, phase) -> Unix seconds
    alerts: dict[str, Alert] = field(default_factory=dict)  # by id, as the stream told them last
    signed: int = 0  # posts whose signature the public library found good
    refused: int = 0  # ... and those that it did not
    failures: dict[str, str] = field(default_factory=dict)  # of receivers that came to an end by themselves


class Receivers:
    """They listen while the context lasts. `hook_url` is the webhook's; its `secret` is to be set before the first post."""

    def __init__(self, url: str, token: str, sender: str) -> None:
        self.heard = Heard()
        self.hook_url = self.secret = ""
        self._url, self._token, self._sender = url, token, sender
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._ended: asyncio.Event = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._listen(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        bearer, endless = {"Authorization": f"Bearer {self._token}"}, aiohttp.ClientTimeout(total=None)
        app = web.Application()
        app.router.add_post("/alerts", self._take_post)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.hook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"
        self._ready.set()
        async with aiohttp.ClientSession(self._url, headers=bearer, timeout=endless, raise_for_status=True) as session:
            works = {name: self._read(session, name, *how) for name, how in FEEDS.items()}
            works["SSE"], works["WebSocket"] = self._follow_events(session), self._follow_socket(session)
            works["CAP"] = self._read_cap(session)
            tasks = [self._task(name, work) for name, work in works.items()]
            await self._ended.wait()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await runner.cleanup()

    def _task(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        def note(ended: asyncio.Task[None]) -> None:
            if not ended.cancelled():
                error = ended.exception()
                self.heard.failures[name] = f"{type(error).__name__}: {error}" if error else "the collector ended it"

        task = asyncio.create_task(work)
        task.add_done_callback(note)
        return task

    def _note(self, receiver: str, told: Iterable[reading.Told]) -> None:
        """Who sees an alert for the first time when it has been confirmed already, has seen it raised."""
        for alert, phase in told:
            for known in (PHASES[0], phase):
                self.heard.first_s.setdefault((receiver, alert, known), time.time())

    def _note_alert(self, receiver: str, alert: Alert) -> None:
        self._note(receiver, reading.stream(alert, self._sender))

    async def _follow_events(self, session: aiohttp.ClientSession) -> None:
        parser = Parser()
        async with session.get("/api/v1/alerts/stream", headers={"Last-Event-ID": "0"}) as answer:
            async for line in answer.content:
                event = parser.line(line.decode())
                if event is not None and event.name == "alert":
                    alert = json.loads(event.data)
                    self.heard.alerts[alert["id"]] = alert
                    self._note_alert("SSE", alert)

    async def _follow_socket(self, session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/api/v1/alerts/ws?after=0") as socket:
            async for message in socket:
                told = json.loads(message.data)
                if told["type"] == "alert":
                    self._note_alert("WebSocket", told["alert"])

    async def _take_post(self, request: web.Request) -> web.Response:
        try:
            told = Webhook(self.secret).verify(await request.read(), dict(request.headers))
        except WebhookVerificationError:
            self.heard.refused += 1
            return web.Response(status=401)
        self.heard.signed += 1
        if told["type"].startswith("alert."):
            self._note_alert("webhook", told["data"])
        return web.Response(status=204)

    async def _read(
        self, session: aiohttp.ClientSession, name: str, path: str, read: Callable[[bytes], Iterable[reading.Told]]
    ) -> None:
        while True:
            async with session.get(f"/api/v1/feeds/{path}") as answer:
                self._note(name, read(await answer.read()))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _read_cap(self, session: aiohttp.ClientSession) -> None:
        known = set[str]()
        while True:
            async with session.get("/api/v1/feeds/cap") as answer:
                links = reading.cap_links(await answer.read())
            for link in [link for link in links if link not in known]:
                async with session.get(link) as answer:
                    self._note("CAP", reading.cap(await answer.read()))
                known.add(link)
            await asyncio.sleep(LOOK_EVERY_S)
