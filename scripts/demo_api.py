"""What the demo asks its collector, over HTTP like anybody."""

import http.client
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE_S = 10.0
PAGE = 1000


class NoAnswer(Exception):
    """The collector is not there, or gave no answer that can be used."""


class Api:
    def __init__(self, url: str, token_file: Path) -> None:
        self._url, self._token_file = url, token_file
        self._told = 0

    def get(self, path: str) -> Any:
        """Raises NoAnswer."""
        return self._ask(path)

    def post(self, path: str, content: Any, token: str | None = None) -> Any:
        """As `get`, of what changes something; with another `token` in somebody else's name."""
        return self._ask(path, token, json.dumps(content).encode())

    def _ask(self, path: str, token: str | None = None, body: bytes | None = None) -> Any:
        try:
            bearer = token or self._token_file.read_text().strip()
            headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
            request = urllib.request.Request(self._url + path, body, headers)
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"the collector at {self._url} does not answer: {error}") from error

    def new_incidents(self) -> Iterator[dict[str, Any]]:
        """Incident events as they are stored, all since those of the last call. Raises NoAnswer."""
        while page := self.get(f"/api/v1/events?class=incident&after={self._told}&limit={PAGE}")["events"]:
            self._told = page[-1]["n"]
            yield from page
