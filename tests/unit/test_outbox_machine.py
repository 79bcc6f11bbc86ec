"""The outbox under everything at once: any order of appends, acknowledgements, sends, forks, time and sudden deaths."""

import os
import random
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_agent.config import OutboxConfig
from edge_agent.core.delivery import Delete
from edge_agent.sinks.outbox import Outbox
from edge_agent.sinks.outbox_file import connect
from event_contract.kinds import EVENT_CLASSES
from event_contract.messages import CloudEvent, LostData, decode_body, parse_message_id
from tests.unit.outbox_parts import HandClock, event, origin

CAPS = OutboxConfig(max_bytes=1_000_000, max_age_h=1.0)
CLASSES = st.sampled_from(EVENT_CLASSES)


class Died(Exception):
    """The process ends here."""


class MortalConnection:
    """A real connection whose process dies at a chosen statement; what it had not committed is gone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.statements_left: int | None = None

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        self._live()
        return self._connection.execute(statement, parameters)

    def executemany(self, statement: str, rows: Sequence[Any]) -> sqlite3.Cursor:
        self._live()
        return self._connection.executemany(statement, rows)

    @property
    def in_transaction(self) -> bool:
        return False if self.statements_left == 0 else self._connection.in_transaction

    def close(self) -> None:
        self._connection.close()

    def _live(self) -> None:
        if self.statements_left is not None:
            if self.statements_left == 0:
                raise Died
            self.statements_left -= 1


class OutboxMachine(RuleBasedStateMachine):
    """`self.received` is what a collector would hold that got what was acknowledged, and gets what still waits."""

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.db"
        self.clock = HandClock()
        self.names = random.Random(seed)
        self.received: dict[tuple[str, int], bytes] = {}
        self.handed_out: dict[tuple[str, int], bytes] = {}
        self.committed: dict[str, int] = {}
        self.count = 0
        self.open()

    def open(self) -> None:
        self.connection = MortalConnection(connect(self.path))
        self.outbox = Outbox(
            self.connection,  # type: ignore[arg-type]
            origin(self.clock),
            CAPS,
            new_stream=lambda: f"{self.names.getrandbits(64):016x}",
        )
        self.connection.execute("PRAGMA synchronous=OFF")

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
            self.folder.cleanup()

    def waiting(self) -> dict[tuple[str, int], bytes]:
        """Read past the outbox, so that looking does not hand anything out."""
        rows = self.connection.execute("SELECT payload FROM messages ORDER BY key").fetchall()
        keyed = ((parse_message_id(msgspec.json.decode(row[0], type=CloudEvent).id), row[0]) for row in rows)
        return {key: payload for key, payload in keyed if key is not None}

    def stream(self, event_class: str) -> str:
        return next(birth.stream for birth in self.outbox.streams() if birth.event_class == event_class)

    @rule(event_class=CLASSES, count=st.integers(1, 12), bulk=st.sampled_from([0, 500, 20_000, 60_000]))
    def append(self, event_class: Any, count: int, bulk: int) -> None:
        self.count += count
        before = self.lost_incidents()
        self.outbox.append([event(event_class, f"{self.count}-{n}", bulk) for n in range(count)])
        if self.lost_incidents() > before:
            assert not self.outbox.pending(self.stream("telemetry"), 0, 1)
            assert not self.outbox.pending(self.stream("state"), 0, 1)

    def lost_incidents(self) -> int:
        return int(
            self.connection.execute(
                "SELECT coalesce(sum(last - first + 1), 0) FROM tombstones JOIN streams ON number = tombstones.stream"
                " WHERE class = 'incident' AND reason = 'outbox_full'"
            ).fetchone()[0]
        )

    @rule(event_class=CLASSES, count=st.integers(1, 40), statements=st.integers(0, 60))
    def die_while_appending(self, event_class: Any, count: int, statements: int) -> None:
        before = self.waiting()
        self.connection.statements_left = statements
        died = False
        try:
            self.outbox.append([event(event_class, f"never-{n}", 500) for n in range(count)])
        except Died:
            died = True
        self.outbox.close()
        self.open()
        if died and count * 900 < 64 * 1024:
            assert self.waiting() == before

    @rule(event_class=CLASSES, count=st.integers(1, 30))
    def send(self, event_class: Any, count: int) -> None:
        stream = self.stream(event_class)
        for seq in self.outbox.pending(stream, 0, count):
            payload = self.outbox.payload(stream, seq)
            assert payload is not None
            assert self.handed_out.setdefault((stream, seq), payload) == payload

    @rule(event_class=CLASSES, picks=st.sets(st.integers(0, 60), min_size=1, max_size=30))
    def acknowledge(self, event_class: Any, picks: set[int]) -> None:
        """Only what has been handed out is ever acknowledged."""
        stream = self.stream(event_class)
        seqs = [seq for n, seq in enumerate(self.outbox.pending(stream, 0, 61)) if n in picks]
        for seq in seqs:
            payload = self.outbox.payload(stream, seq)
            assert payload is not None
            self.received[stream, seq] = self.handed_out.setdefault((stream, seq), payload)
        self.outbox.delete([Delete(stream, seq, seq) for seq in seqs])

    @rule(event_class=CLASSES)
    def fork(self, event_class: Any) -> None:
        bodies = [bytes(msgspec.json.decode(payload, type=CloudEvent).data) for payload in self.of(self.stream(event_class))]
        new = self.outbox.fork(self.stream(event_class))
        moved = [bytes(msgspec.json.decode(payload, type=CloudEvent).data) for payload in self.of(new)]
        assert [body for body in moved if body in bodies] == bodies

    def of(self, stream: str) -> list[bytes]:
        return [payload for (of_stream, _), payload in self.waiting().items() if of_stream == stream]

    @rule(minutes=st.integers(1, 50))
    def wait(self, minutes: int) -> None:
        self.clock.mono_s += 60 * minutes
        self.outbox.expire()

    @rule()
    def restart_after_boot(self) -> None:
        before = self.waiting()
        self.outbox.close()
        self.clock.mono_s = 10.0
        self.open()
        assert self.waiting() == before

    @precondition(lambda self: hasattr(self, "outbox"))
    @invariant()
    def gaps_are_exactly_what_notices_name(self) -> None:
        held = self.received | self.waiting()
        named: set[tuple[str, int]] = set()
        for payload in held.values():
            body = decode_body(msgspec.json.decode(payload, type=CloudEvent).data)
            if isinstance(body, LostData):
                named |= {(body.stream, seq) for seq in range(body.first, body.last + 1)}
        given = {(stream, seq) for stream, last in self.outbox.stats().committed.items() for seq in range(1, last + 1)}
        assert held.keys() <= given
        assert given - held.keys() == named - held.keys()
        assert not named & self.waiting().keys()

    @precondition(lambda self: hasattr(self, "outbox"))
    @invariant()
    def numbers_only_rise(self) -> None:
        committed = self.outbox.stats().committed
        assert all(committed[stream] >= last for stream, last in self.committed.items())
        self.committed = committed

    @precondition(lambda self: hasattr(self, "outbox"))
    @invariant()
    def the_disk_holds_no_more_than_the_cap(self) -> None:
        on_disk = sum(file.stat().st_size for file in self.path.parent.iterdir())
        assert on_disk <= CAPS.max_bytes * 1.05
        assert self.outbox.stats().pending == len(self.waiting())


OutboxTest = OutboxMachine.TestCase
OutboxTest.settings = settings(
    max_examples=int(os.environ.get("EXAMPLES", "25")), stateful_step_count=40, deadline=None, print_blob=True
)
