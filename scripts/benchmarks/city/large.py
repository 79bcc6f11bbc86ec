"""A store that holds many events: what ingest and lists cost then, and what the questions of an operator cost.

Rows are made in bulk, as many days back as they last at one event per device and ten seconds, 60 devices; every tenth is an
incident, six are minutes of traffic. Beside it stands a store with a tenth of the rows, so that growth shows.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from collector.core import alerts, delivery, rollup
from collector.core.delivery import Event, Received
from collector.store.engines.db import Db, Engine, Readers
from collector.store.event_store import EventStore
from collector.store.questions import queries, searching
from collector.store.taking import COLUMNS_OF_EVENTS, row_of
from collector.store.upkeep import rollups
from event_contract import topics
from event_contract.messages import encode
from event_contract.times import format_time
from scripts.benchmarks.city.devices import DEVICES, Waiting, births, made

CALLS = 15
BATCH, BATCHES = 300, 60
ROWS_PER_COMMIT = 100_000
INCIDENT_EVERY = 10
TEMPLATES = 20_000
PER_S = DEVICES / 10  # events


def measure(folder: Path, engine: str, url: str, rows: int) -> dict[str, Any]:
    """Both stores are asked in turn, so that what else the machine does falls on both.

    The large one is filled first: PostgreSQL ends a connection that is idle for two minutes.
    """
    result: dict[str, Any] = {"rows": rows}
    with ExitStack() as both:
        stores = {}
        for name, of_it in (("all", rows), ("tenth", rows // 10)):
            stores[name] = _opened(both, folder / name, engine, url)
            fill(stores[name][0], of_it)
        written = {name: EventStore(opened) for name, (opened, _) in stores.items()}
        rates = ingest_rates(written)
        for store in written.values():
            store.look_after(time.time(), {"incident": 1e4, "state": 1e4, "telemetry": 1e4})
        dbs = {name: both.enter_context(readers.reading()) for name, (_, readers) in stores.items()}
        lists = timed(dbs, LISTS)
        result |= {name: {"lists_ms": lists[name], "ingest_per_s": rates[name]} for name in stores}
        result["questions_ms"] = timed({"all": dbs["all"]}, questions())["all"]
    return result


def _opened(both: ExitStack, folder: Path, engine: str, url: str) -> tuple[Engine, Readers]:
    folder.mkdir(parents=True)
    opened: Engine
    readers: Readers
    if engine == "sqlite":
        from collector.store.engines.sqlite import Sqlite, SqliteReaders

        path = folder / "large.sqlite"
        opened, readers = Sqlite(path), SqliteReaders(path)
    else:
        from collector.store.engines.postgres import Address, Postgres, PostgresReaders
        from scripts.benchmarks.ingest import schema

        address = Address(schema(url))
        opened, readers = Postgres(address), PostgresReaders(address)
    both.callback(readers.close)
    both.callback(opened.close)
    return opened, readers


def fill(engine: Engine, rows: int) -> None:
    """In the order of their time; the newest is of now."""
    now, columns = time.time(), COLUMNS_OF_EVENTS.split(", ")
    at, received_at, seq = (columns.index(name) for name in ("at", "received_at", "seq"))
    templates = list(_templates())

    def rows_of(start: int) -> Iterator[tuple[Any, ...]]:
        for number in range(start, min(start + ROWS_PER_COMMIT, rows)):
            *row, of_stream = templates[number % TEMPLATES]
            row[at] = row[received_at] = now - (rows - number) / PER_S
            row[seq] += number // TEMPLATES * of_stream  # no two rows share a number
            yield tuple(row)

    insert = f"INSERT INTO events ({COLUMNS_OF_EVENTS}) VALUES ({', '.join('?' * len(columns))})"
    for start in range(0, rows, ROWS_PER_COMMIT):
        with engine.transaction() as db:
            db.executemany(insert, rows_of(start))
    with engine.transaction() as db:
        classes = {(row[0], row[1]): row[3] for row in templates}
        db.executemany(
            "INSERT INTO streams (device, stream, class) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(*key, event_class) for key, event_class in classes.items()],
        )
        _fill_alerts(db, rows // INCIDENT_EVERY)
        _fill_sums(db, now, sorted({device for device, _ in classes}))


def _templates() -> Iterator[tuple[Any, ...]]:
    """Rows, each followed by how many of its stream there are."""
    events = [event for event in map(delivery.read, map(_received, made(TEMPLATES, 800))) if isinstance(event, Event)]
    sizes: dict[str, int] = {}
    for event in events:
        sizes[event.stream] = max(sizes.get(event.stream, 0), event.seq)
    return ((*row_of(event), sizes[event.stream]) for event in events)


def _fill_alerts(db: Db, incidents: int) -> None:
    """Every incident an alert that is over, with its two changes as one."""
    opened = alerts.fault(None, "city-0001", "city", "x", {"reason": "made"}, format_time(0.0), 0.0, ended=True)
    body = encode(opened)
    seqs = range(1, 1 + incidents)
    db.executemany(
        "INSERT INTO alerts (id, seq, state, told, kind, device, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((f"made/{seq}", seq, "closed", "closed", "device_fault", "city-0001", body) for seq in seqs),
    )
    db.execute("UPDATE kept_counts SET n = n + ? WHERE what = 'alerts'", (len(seqs),))
    db.executemany(
        "INSERT INTO alert_changes (seq, alert, action, audible, body, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
        ((seq, f"made/{seq}", "close", 0, body, time.time()) for seq in seqs),
    )


def _fill_sums(db: Db, now: float, devices: list[str]) -> None:
    """As if all minutes had been rolled up: two months of hours for each camera, all of them alike."""
    db.execute("UPDATE traffic_counted SET up_to = (SELECT max(n) FROM events) WHERE id = 1")
    body = encode(rollup.CameraSums())
    begin = int(now // 3600) * 3600
    db.executemany(
        "INSERT INTO traffic_sums (device, camera, span, begins, sums) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        ((device, "north", "hour", begin - hour * 3600, body) for device in devices for hour in range(24 * 60)),
    )


def ingest_rates(stores: dict[str, EventStore]) -> dict[str, float]:
    """Events per second into the stores themselves, the fastest third of the batches: the machine may be busy."""
    events = made(BATCH * BATCHES, 900)
    times: dict[str, list[float]] = {name: [] for name in stores}
    for store in stores.values():
        store.commit([Received(topics.status(device), encode(birth), time.time()) for device, birth in births(events)])
    for start in range(0, len(events), BATCH):
        batch = [_received(one) for one in events[start : start + BATCH]]
        for name, store in stores.items():
            began = time.perf_counter()
            store.commit(batch)
            times[name].append(time.perf_counter() - began)
    return {name: BATCH / statistics.mean(sorted(of_store)[: BATCHES // 3]) for name, of_store in times.items()}


def _received(one: Waiting) -> Received:
    return Received(topics.event(one.device, one.event_class), one.payload, time.time())


LISTS: dict[str, Callable[[Db], Any]] = {
    "alerts": lambda db: queries.alerts(db, "all", 100, None),
    "events": lambda db: queries.events(db, 0, 100),
    "devices": queries.devices,
    "streams": queries.streams,
    "summary": queries.summary,
}


def questions() -> dict[str, Callable[[Db], Any]]:
    now, device = time.time(), f"city-{DEVICES // 2:04}"
    hour = searching.Wanted(now - 86400, now - 86400 + 3600, device)
    week = rollups.Wanted("hour", now - 7 * 86400, now, device, "north")
    return {
        "alerts of the last 24 h, first page": lambda db: queries.alerts(db, "all", 100, None),
        "traffic of one road by hour, 7 days": lambda db: rollups.read(db, week, 10_000),
        "events of one device for an hour": lambda db: searching.search(db, hour, 0, 1000),
    }


def timed(dbs: dict[str, Db], asked: dict[str, Callable[[Db], Any]]) -> dict[str, dict[str, float]]:
    """The medians in ms, by store and question."""
    result: dict[str, dict[str, float]] = {name: {} for name in dbs}
    for title, question in asked.items():
        times: dict[str, list[float]] = {name: [] for name in dbs}
        for _ in range(1 + CALLS):
            for name, db in dbs.items():
                began = time.perf_counter()
                question(db)
                times[name].append((time.perf_counter() - began) * 1e3)
        for name, (_, *of_store) in times.items():  # the first one warms what is to be warm
            result[name][title] = round(statistics.median(of_store), 2)
    return result


def told(result: dict[str, Any]) -> Iterator[str]:
    tenth, all_ = result["tenth"], result["all"]
    yield f"{result['rows']} rows against a tenth: ingest {all_['ingest_per_s'] / tenth['ingest_per_s']:.2f}"
    for name, ms in all_["lists_ms"].items():
        yield f"  {name:12} {ms:8.1f} ms, at a tenth {tenth['lists_ms'][name]:8.1f}"
    for name, ms in result["questions_ms"].items():
        yield f"  {name:40} {ms:8.1f} ms"
