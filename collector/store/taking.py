"""Events into the store: judged, stored and made alerts, many of them with few statements, in the writing transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zlib import crc32

import msgspec

from collector.core import alerts, delivery
from collector.core.alerts import AlertClock, Report
from collector.core.delivery import Event
from collector.core.right_time import shifted
from collector.store import device_words
from collector.store.alerts.alert_book import AlertBook, Change
from collector.store.alerts.own_alarms import raise_fault, site_of
from collector.store.clocks import set_clocks
from collector.store.engines.db import Db, look_up
from event_contract.messages import Ack, IncidentData, LostData
from event_contract.presence import Birth
from event_contract.times import format_time, parse_time

StreamKey = tuple[str, str]  # device, stream


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit holds: acknowledgements to send, as (device, ack), alerts that changed, and counts per outcome."""

    acks: tuple[tuple[str, Ack], ...]
    changes: tuple[Change, ...]
    outcomes: dict[str, int]


@dataclass
class Tally:
    """What becomes of the messages of one commit."""

    acks: dict[StreamKey, dict[int, int]] = field(default_factory=dict)  # by number, the check of its bytes
    forks: set[StreamKey] = field(default_factory=set)
    outcomes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str, n: int = 1) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + n

    def acknowledge(self, key: StreamKey, seq: int, payload: bytes) -> None:
        self.acks.setdefault(key, {})[seq] = crc32(payload)

    def committed(self, changes: Sequence[Change]) -> Committed:
        """A stream's fork goes with its ranges in one message: what is stored must not be renumbered."""
        acks = (
            (
                device,
                Ack(
                    stream=stream,
                    ranges=delivery.coalesce(checks),
                    forked=(device, stream) in self.forks,
                    checks=tuple(checks[seq] for seq in sorted(checks)),
                ),
            )
            for (device, stream), checks in self.acks.items()
        )
        return Committed(tuple(acks), tuple(changes), self.outcomes)


@dataclass(slots=True)
class _Stream:
    """`kept_from` is its retention mark; of a forked one nothing new is stored."""

    kept_from: int = 1
    forked: bool = False


def take(book: AlertBook, events: Sequence[Event], tally: Tally) -> None:
    """Acknowledge or call a fork every event; store what is new, and what follows from it."""
    if not events:
        return
    new = set_clocks(book, _judge(book, events, tally))
    if new:
        book.db.executemany(_INSERT, [row_of(event) for event in new])
        device_words.note(book, new)
    _note_incidents(book, [(event, event.body) for event in new if isinstance(event.body, IncidentData)])
    for event in new:
        if isinstance(event.body, LostData):
            _note_loss(book, event, event.body)


def _judge(book: AlertBook, events: Sequence[Event], tally: Tally) -> list[Event]:
    """Those that are new, in the order of their arrival; all are counted, and acknowledged or called forks."""
    streams = _streams_of(book.db, events)
    columns = ("device", "stream", "seq")
    keys = [(event.device, event.stream, event.seq) for event in events]
    found = look_up(book.db, "events", "device, stream, seq, payload", columns, keys)
    known = {(device, stream, seq): payload for device, stream, seq, payload in found}
    new: list[Event] = []
    for event, key in zip(events, keys, strict=True):
        stream = streams[key[:2]]
        verdict = delivery.judge(event.payload, known.get(key), event.seq, stream.kept_from)
        if verdict == "below_mark" and _is_news(book.db, event):
            verdict = "fork"
        if stream.forked and verdict != "duplicate":
            verdict = "fork"  # its device renumbers all that is in flight: stored here it would be stored twice
        tally.count(verdict)
        if verdict == "fork":
            tally.acks.setdefault(key[:2], {})
            tally.forks.add(key[:2])
            stream.forked = True
            _mark_forked(book, event)
            continue
        tally.acknowledge(key[:2], event.seq, event.payload)
        if verdict == "store":
            known[key] = event.payload
            new.append(event)
    return new


def _is_news(db: Db, event: Event) -> bool:
    """Below the mark, and yet younger than what the stream kept: its card was set back to before the mark, and counts anew."""
    oldest_kept = "SELECT received_at FROM events WHERE device = ? AND stream = ? AND seq > ? ORDER BY seq LIMIT 1"
    kept = db.execute(oldest_kept, (event.device, event.stream, event.seq)).fetchone()
    return kept is not None and event.clock == "synced" and event.at > kept[0]


def _streams_of(db: Db, events: Sequence[Event]) -> dict[StreamKey, _Stream]:
    """What is known of the streams of the events; one never heard of is noted."""
    classes = {(event.device, event.stream): event.event_class for event in events}
    columns = "device, stream, kept_from, forked_at IS NOT NULL"
    found = look_up(db, "streams", columns, ("device", "stream"), classes)
    streams = {(device, stream): _Stream(kept_from, bool(forked)) for device, stream, kept_from, forked in found}
    unheard = [(*key, event_class) for key, event_class in classes.items() if key not in streams]
    if unheard:
        db.executemany("INSERT INTO streams (device, stream, class) VALUES (?, ?, ?)", unheard)
    return {key: streams.get(key) or _Stream() for key in classes}


COLUMNS_OF_EVENTS = "device, stream, seq, class, kind, camera, time, at, clock, boot, mono_s, received_at, late, payload"
_INSERT = f"INSERT INTO events ({COLUMNS_OF_EVENTS}) VALUES ({', '.join('?' * 14)})"  # noqa: S608 - constants


def row_of(event: Event) -> tuple[Any, ...]:
    clock = event.body.clock if event.body else None
    return (
        event.device,
        event.stream,
        event.seq,
        event.event_class,
        event.kind,
        event.camera,
        event.time,
        event.at,
        event.clock,
        clock.boot if clock else None,
        clock.mono_s if clock else None,
        event.received_at,
        int(event.is_late),
        event.payload,
    )


def _mark_forked(book: AlertBook, event: Event) -> None:
    """The first fork of a stream raises an alarm; it stands until the device's birth names another stream."""
    noted = book.db.execute(
        "UPDATE streams SET forked_at = ? WHERE device = ? AND stream = ? AND forked_at IS NULL",
        (event.received_at, event.device, event.stream),
    )
    if noted.rowcount:
        detail: dict[str, object] = {"reason": "forked", "stream": event.stream, "seq": event.seq}
        raise_fault(book, event.device, f"fork/{event.stream}", detail, event.received_at)


def _note_incidents(book: AlertBook, told: Sequence[tuple[Event, IncidentData]]) -> None:
    told = [(event, incident) for event, incident in told if event.event_class == "incident"]
    if not told:
        return
    book.read_ahead(f"{event.device}/{incident.incident}" for event, incident in told)
    names = {(event.device,) for event, _ in told}
    devices = {row[0]: row for row in look_up(book.db, "devices", _ABOUT_DEVICES, ("device",), names)}
    for event, incident in told:
        _, site, run, run_since, birth = devices.get(event.device, (event.device, "", incident.run, None, None))
        corrected = event.clock == "corrected"
        report = Report(
            event.device,
            site,
            shifted(incident, event.at - parse_time(event.time)) if corrected else incident,
            event.is_late,
            run_since if run != incident.run else None,
            AlertClock(synced=event.clock == "synced", corrected=corrected),
            _models_of(bytes(birth)).get(incident.camera) if birth and run == incident.run else None,
        )
        known = book.of(f"{event.device}/{incident.incident}")
        book.write(event.received_at, *alerts.decide(known, report, event.received_at))


_ABOUT_DEVICES = "device, site, run, run_since, birth"


@lru_cache(1024)
def _models_of(birth: bytes) -> dict[str | None, str]:
    """Which model looks through each camera, as `<name>@<the first digits of its hash>`."""
    cameras = msgspec.json.decode(birth, type=Birth).cameras
    return {camera.name: f"{camera.model}@{camera.model_sha256[:12]}" for camera in cameras}


def _note_loss(book: AlertBook, event: Event, lost: LostData) -> None:
    noted = book.db.execute(
        "INSERT INTO lost_notices (device, stream, first, last, reason, received_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (event.device, lost.stream, lost.first, lost.last, lost.reason, event.received_at),
    )
    if noted.rowcount:
        known = book.of(alerts.own_id(event.device, f"lost/{lost.stream}"))
        site = site_of(book.db, event.device)
        decided = alerts.lose(known, event.device, site, lost, format_time(event.at), event.received_at)
        book.write(event.received_at, *decided)
