"""Tells of every change of an alert, whichever collector decided it, in order: woken by NOTIFY, and by a look every second."""

import threading
from collections.abc import Callable, Sequence

import psycopg

from collector.store.engines.postgres import Address
from collector.store.engines.postgres_db import PostgresDb
from collector.store.questions import queries

LOOK_EVERY_S = 1.0
RETRY_AFTER_S = 1.0
CHANGES_PER_LOOK = 500


class Follower:
    """`publish` gets (seq, body) without a hole, from a thread; `on_failure` is called when that thread dies."""

    def __init__(
        self, address: Address, publish: Callable[[Sequence[tuple[int, bytes]]], None], on_failure: Callable[[str], None]
    ) -> None:
        self._address = address
        self._publish = publish
        self._on_failure = on_failure
        self._stopping = threading.Event()
        self._place: int | None = None  # the newest change that was told of
        self._thread = threading.Thread(target=self._run, name="alert follower", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except psycopg.Error:
                self._stopping.wait(RETRY_AFTER_S)  # the writer and the readers say that the database is away
            except Exception as error:  # noqa: BLE001 - the thread's boundary: the process ends, and is started again
                self._on_failure(f"alert follower: {type(error).__name__}: {error}")
                return

    def _follow(self) -> None:
        with self._address.connect() as connection:
            db = PostgresDb(connection)
            [(schema,)] = db.execute("SELECT current_schema()").fetchall()
            connection.execute(f'LISTEN "kerbwatch_{schema}"'.encode())
            if self._place is None:
                self._place = queries.newest_change(db)
            while not self._stopping.is_set():
                while changes := queries.alert_changes(db, self._place, CHANGES_PER_LOOK):
                    self._publish(changes)
                    self._place = changes[-1][0]
                for _ in connection.notifies(timeout=LOOK_EVERY_S, stop_after=1):
                    pass
