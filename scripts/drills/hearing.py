"""What an agent has told: its outbox, read from beside while nothing is delivered."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from event_contract.messages import CloudEvent, HealthData, IncidentData, decode_body
from scripts.drills.power_history import read, unnamed

Fault = tuple[str | None, str, str]  # camera (None: the device itself), reason, phase


class Hearing:
    """`listen` as often as one wants to know. Times are monotonic, of when something was heard first."""

    def __init__(self, outbox: Path) -> None:
        self._address = f"{outbox.absolute().as_uri()}?mode=ro"
        self._heard: dict[str, Any] = {}  # id of a message -> its body
        self._faults: list[tuple[float, Fault]] = []

    def listen(self) -> None:
        for payload in self._payloads():
            event = msgspec.json.decode(payload, type=CloudEvent)
            if event.id in self._heard:
                continue
            body = self._heard[event.id] = decode_body(event.data)
            if isinstance(body, IncidentData) and body.kind in ("camera_fault", "device_fault"):
                self._faults.append((time.monotonic(), (body.camera, str(body.detail.get("reason")), body.phase)))

    def has(self, fault: Fault, since_s: float) -> bool:
        self.listen()
        return any(heard_s >= since_s and one == fault for heard_s, one in self._faults)

    def faults(self) -> list[Fault]:
        return [fault for _, fault in self._faults]

    def rate(self, camera: str, from_s: float, to_s: float) -> float | None:
        """Frames a second of a camera that the agent has looked at, between its first and its last figures of that time."""
        self.listen()
        told = [body for body in self._heard.values() if isinstance(body, HealthData) and from_s <= body.clock.mono_s <= to_s]
        told.sort(key=lambda body: body.clock.mono_s)
        if len(told) < 2:
            return None
        (first, last), names = (told[0], told[-1]), [one.name for one in told[0].cameras]
        before, after = (one.cameras[names.index(camera)] for one in (first, last))
        looked_at = (after.frames - after.dropped) - (before.frames - before.dropped)
        return looked_at / (last.clock.mono_s - first.clock.mono_s)

    def restarts(self, camera: str) -> int:
        """Of its capture child."""
        self.listen()
        told = [body for body in self._heard.values() if isinstance(body, HealthData)]
        return next((one.restarts for one in told[-1].cameras if one.name == camera), 0) if told else 0

    def judge(self) -> tuple[int, int]:
        """How much of what was ever committed is neither there nor named, or was an incident and is gone; and what is there
        twice."""
        self.listen()
        waiting = read(self._payloads())
        with closing(self._open()) as outbox:
            given = dict(outbox.execute("SELECT stream, next_seq - 1 FROM streams").fetchall())
        told = [(body.incident, body.revision) for body in waiting.values() if isinstance(body, IncidentData)]
        once = {(body.incident, body.revision) for body in self._heard.values() if isinstance(body, IncidentData)}
        return unnamed(waiting, given) + len(once - set(told)), len(told) - len(set(told))

    def _payloads(self) -> list[bytes]:
        with closing(self._open()) as outbox:
            return [payload for (payload,) in outbox.execute("SELECT payload FROM messages ORDER BY key").fetchall()]

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._address, uri=True, timeout=5)
