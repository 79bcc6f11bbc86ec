"""Traffic by hour and by day, kept up to date from the minutes as they are stored: each minute is counted once.

Events are numbered in the order of their commits, so one number says what is counted already, and moves in the transaction
that counts. A minute of a clock that is not set belongs to no hour: its boot waits until the store knows its offset.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from collector.core import rollup
from collector.core.rollup import CameraSums, Span
from collector.store.engines.db import Db, Row, look_up
from event_contract.messages import CloudEvent, TrafficMinuteData
from event_contract.times import format_time, parse_time

MINUTES_PER_PASS = 500
ROWS_PER_PRUNING = 5_000
SPANS: tuple[Span, ...] = ("hour", "day")
KEPT_AS: dict[Span, str] = {"hour": "traffic_hours", "day": "traffic_days"}

Key = tuple[str, str, Span, int]  # device, camera, span, begin


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sums are asked for; `first_s` <= begin < `before_s`, in Unix seconds."""

    span: Span
    first_s: float
    before_s: float
    device: str | None = None
    camera: str | None = None


def roll_up(db: Db, utc_offset_s: float, limit: int = MINUTES_PER_PASS) -> int:
    """Count stored minutes that are not yet counted, at most `limit` and those that waited; how many there were."""
    up_to = db.execute("SELECT up_to FROM traffic_counted WHERE id = 1").fetchone()[0]
    columns = "SELECT n, device, boot, clock, time, at, payload FROM events WHERE kind = 'traffic_minute'"
    columns += " AND clock <> 'unknown'"  # stored by a collector that could not read it
    waited = _take_waiting(db, columns, up_to)
    fresh = db.execute(f"{columns} AND n > ? ORDER BY n LIMIT ?", (up_to, limit)).fetchall()
    if fresh:
        db.execute("UPDATE traffic_counted SET up_to = ? WHERE id = 1", (fresh[-1][0],))
        _note_waiting(db, (row for row in fresh if row[3] == "unsynced"))
    minutes = [*waited, *(row for row in fresh if row[3] != "unsynced")]
    _add(db, minutes, utc_offset_s)
    return len(fresh) + len(waited)


def prune(db: Db, now: float, keep_days: dict[str, float]) -> int:
    """Delete sums older than `traffic_hours` and `traffic_days` of `keep_days`, some at a time; the number of rows."""
    doomed = "SELECT device, camera, span, begins FROM traffic_sums WHERE span = ? AND begins < ? ORDER BY begins LIMIT ?"
    rows = 0
    for span, name in KEPT_AS.items():
        if name in keep_days:
            keys = db.execute(doomed, (span, now - keep_days[name] * 86400, ROWS_PER_PRUNING)).fetchall()
            statement = "DELETE FROM traffic_sums WHERE device = ? AND camera = ? AND span = ? AND begins = ?"
            db.executemany(statement, [tuple(key) for key in keys])
            rows += len(keys)
    return rows


def read(db: Db, wanted: Wanted, limit: int) -> list[dict[str, object]]:
    """By device, camera and time; each like a traffic minute, and how much of the span its minutes cover."""
    chosen = {"device": wanted.device, "camera": wanted.camera}
    given = {name: value for name, value in chosen.items() if value is not None}
    condition = "".join(f" AND traffic_sums.{name} = ?" for name in given)
    rows = db.execute(
        "SELECT traffic_sums.device, coalesce(site, '') AS site, camera, begins, sums FROM traffic_sums"  # noqa: S608
        " LEFT JOIN devices ON devices.device = traffic_sums.device"
        f" WHERE span = ? AND begins >= ? AND begins < ?{condition}"  # the condition is made of constants
        " ORDER BY traffic_sums.device, camera, begins LIMIT ?",
        (wanted.span, wanted.first_s, wanted.before_s, *given.values(), limit),
    )
    return [
        {
            **{name: row[name] for name in ("device", "site", "camera")},
            "from": format_time(row["begins"]),
            **rollup.told(_sums.decode(row["sums"])),
        }
        for row in rows
    ]


def _take_waiting(db: Db, columns: str, up_to: int) -> list[Row]:
    """The minutes of boots whose offset has become known: none of those up to `up_to` was counted before."""
    known = db.execute(
        "SELECT waiting.device, waiting.boot, waiting.first, waiting.last FROM traffic_waiting AS waiting"
        " JOIN boots ON boots.device = waiting.device AND boots.boot = waiting.boot"
    ).fetchall()
    rows: list[Row] = []
    for device, boot, first, last in known:
        condition = " AND device = ? AND boot = ? AND n BETWEEN ? AND ? ORDER BY n"
        rows += db.execute(columns + condition, (device, boot, first, min(last, up_to))).fetchall()
        db.execute("DELETE FROM traffic_waiting WHERE device = ? AND boot = ?", (device, boot))
    return rows


def _note_waiting(db: Db, rows: Iterable[Row]) -> None:
    db.executemany(
        "INSERT INTO traffic_waiting (device, boot, first, last) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (device, boot) DO UPDATE SET last = excluded.last",
        [(device, boot, n, n) for n, device, boot, *_ in rows],
    )


def _add(db: Db, rows: list[Row], utc_offset_s: float) -> None:
    fresh: dict[Key, CameraSums] = {}
    key: Key
    for _, device, _, clock, time, at, payload in rows:
        body = _minute.decode(_envelope.decode(payload).data)
        observed_s = _observed_s(body, time)
        sums = rollup.of_minute(body, observed_s, corrected=clock == "corrected")
        key = (device, body.camera[: rollup.LONGEST_NAME], "hour", rollup.begin_of("hour", at - observed_s, utc_offset_s))
        fresh[key] = rollup.added(fresh[key], sums) if key in fresh else sums
    for (device, camera, _, hour), sums in list(fresh.items()):
        key = (device, camera, "day", rollup.begin_of("day", hour, utc_offset_s))
        fresh[key] = rollup.added(fresh.get(key, CameraSums()), sums)
    columns = ("device", "camera", "span", "begins")
    known = {tuple(row)[:4]: row[4] for row in look_up(db, "traffic_sums", f"{', '.join(columns)}, sums", columns, fresh)}
    totals = ((key, rollup.added(_sums.decode(known[key]), sums) if key in known else sums) for key, sums in fresh.items())
    db.executemany(
        "INSERT INTO traffic_sums (device, camera, span, begins, sums) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (device, camera, span, begins) DO UPDATE SET sums = excluded.sums",
        [(*key, msgspec.json.encode(total)) for key, total in totals],
    )


def _observed_s(body: TrafficMinuteData, time: str) -> float:
    """From the beginning of the minute until it was told, by the device's own clock; 0 where that makes no minute."""
    try:
        observed_s = parse_time(time) - parse_time(body.from_)
    except (ValueError, OverflowError):
        return 0.0
    return observed_s if 0.0 <= observed_s <= rollup.MOST_OBSERVED_S else 0.0


_envelope = msgspec.json.Decoder(CloudEvent)
_minute = msgspec.json.Decoder(TrafficMinuteData)
_sums = msgspec.json.Decoder(CameraSums)
