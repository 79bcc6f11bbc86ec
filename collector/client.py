"""The collector's own API, called from the command line: requests, and the alert stream that survives a restart."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from collector.core.answers import ANSWERS, Alert, Problem
from collector.core.errors import Told, WrongUse
from collector.core.sse import Parser, ServerEvent

STREAM = "/api/v1/alerts/stream"
PATIENCE_S = 30.0  # the stream says at least every 15 s that it lives
WAITS_S = (0.5, 1.0, 2.0, 4.0)


class ApiError(Told):
    """What went wrong, with the address and the next step."""


class Refused(ApiError):
    """Asking again will not help."""


class Api:
    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._https, self._host, self._port = _address(url)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: object) -> Any:
        """JSON of an answer that is a collector's; parameters that are None are left out. Raises ApiError."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path, f"?{urlencode(given)}" if given else "")

    def post(self, path: str, content: object = None) -> Any:
        """As `get`, of a request that changes something; `content` goes along as JSON."""
        return self._ask("POST", path, content=content)

    def delete(self, path: str) -> Any:
        """As `post`."""
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str, query: str = "", content: object = None) -> Any:
        body = None if content is None else msgspec.json.encode(content)
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self._told():
            text = self._request(path + query, headers, method, body).read()
        with self._understood(path):
            content = msgspec.json.decode(text)
            msgspec.convert(content, ANSWERS.get(re.sub(r"/\d+", "/{n}", path), Any))
        return content

    def content(self, path: str) -> bytes:
        """An answer that is no JSON, as it is. Raises ApiError."""
        with self._told():
            return self._request(path, {}).read()

    def alert_stream(self, after: int | None, exercise: str = "no") -> Iterator[ServerEvent]:
        """Alerts as they change, for ever; a broken connection is made again from the last change seen.

        Raises ApiError when the collector cannot be reached at first, or refuses.
        """
        newest = max((alert["seq"] for alert in self.get("/api/v1/alerts", limit=1)["alerts"]), default=0)
        place = newest if after is None else after
        failures = 0
        while True:
            try:
                for event in self._follow(place, exercise):
                    failures = 0
                    place = int(event.id)
                    yield event
            except Refused:
                raise
            except ApiError:
                pass  # the collector is away for a moment: it is asked again
            time.sleep(WAITS_S[min(failures, len(WAITS_S) - 1)])
            failures += 1

    def _follow(self, after: int, exercise: str) -> Iterator[ServerEvent]:
        parser = Parser()
        with self._told():
            for line in self._request(f"{STREAM}?exercise={exercise}", {"Last-Event-ID": str(after)}):
                event = parser.line(line.decode())
                if event is not None and event.name == "alert":
                    with self._understood(STREAM):
                        msgspec.convert(event.id, int, strict=False)
                        msgspec.json.decode(event.data, type=Alert)
                    yield event

    def _request(
        self, path: str, headers: dict[str, str], method: str = "GET", body: bytes | None = None
    ) -> http.client.HTTPResponse:
        kind = http.client.HTTPSConnection if self._https else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=PATIENCE_S)
        connection.request(method, path, body, headers={**self._headers, **headers})
        response = connection.getresponse()
        if response.status == 401:
            raise Refused(f"{self._url}: the token was refused; give the right one with --token-file")
        if response.status != 200:
            raise ApiError(f"{self._url}{path}: status {response.status}: {_reason(response.read(2000))}")
        return response

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What can go wrong with the other side, raised as ApiError."""
        try:
            yield
        except OSError as error:
            raise ApiError(f"{self._url}: {error.strerror or error}; is `collector serve` running there?") from error
        except (http.client.HTTPException, ValueError) as error:  # an answer that is no HTTP, or no text
            raise ApiError(f"{self._url}: no collector answers there: {type(error).__name__}; look at --url") from error

    @contextmanager
    def _understood(self, path: str) -> Iterator[None]:
        """An answer of another kind, raised as Refused: the next one would be no better."""
        try:
            yield
        except msgspec.DecodeError as error:
            raise Refused(f"{self._url}{path}: no collector answers there: {error}; look at --url") from error


def _reason(body: bytes) -> str:
    """What a problem says in words, or the beginning of what else was answered."""
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(body, type=Problem).detail
    return " ".join(body[:300].decode(errors="replace").split())


def _address(url: str) -> tuple[bool, str, int | None]:
    """Whether it is HTTPS, the host and the port. Raises WrongUse."""
    with suppress(ValueError):
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
        if parts.scheme in ("http", "https") and re.fullmatch(r"[^\s\x00-\x1f\x7f]+", host):
            return parts.scheme == "https", host, port
    raise WrongUse(f"--url {url!r}: expected http://HOST:PORT")
