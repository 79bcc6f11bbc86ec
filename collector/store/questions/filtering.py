"""Alerts by what stands in them, newest change first, page by page: each page looks at a bounded number of them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import msgspec

from collector.store.engines.db import Db
from event_contract.messages import Position
from event_contract.times import parse_time

ALERTS_PER_PAGE = 20_000  # looked at; a page that finds little comes back as quickly as one that finds much

Area = tuple[float, float, float, float]  # west, south, east, north; west > east: over the 180th meridian


class Seen(msgspec.Struct):
    """Of an alert what is looked at."""

    seq: int
    device: str
    site: str
    severity: str
    state: str
    started_at: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """None and empty: whichever. `place` says where an alert is that tells no position. Times are of its beginning."""

    live: bool | None = None
    state: str | None = None
    kinds: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    area: Area | None = None
    first_s: float | None = None
    before_s: float | None = None
    place: Callable[[Seen], Position | None] = lambda seen: seen.position


@dataclass(frozen=True, slots=True)
class Page:
    """`next`: go on from there, however little this page holds; None: there is nothing more."""

    alerts: list[msgspec.Raw]
    next: int | None


def find(db: Db, wanted: Wanted, limit: int, before: int | None) -> Page:
    conditions, given = ["seq < ?"], [2**62 if before is None else before]  # type: list[str], list[object]
    if wanted.live is not None:
        conditions.append("state = ?")
        given.append("open" if wanted.live else "closed")
    for column, some in (("kind", wanted.kinds), ("device", wanted.devices)):
        if some:
            conditions.append(f"{column} IN ({', '.join('?' * len(some))})")
            given.extend(sorted(some))
    query = f"SELECT seq, body FROM alerts WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT ?"  # noqa: S608
    found: list[msgspec.Raw] = []
    looked_at, seq = 0, 0
    for seq, body in islice(db.execute(query, (*given, ALERTS_PER_PAGE + 1)), ALERTS_PER_PAGE):
        looked_at += 1
        if _fits(_decoder.decode(body), wanted):
            found.append(msgspec.Raw(body))
            if len(found) == limit:
                return Page(found, seq)
    return Page(found, seq if looked_at == ALERTS_PER_PAGE else None)


def _fits(seen: Seen, wanted: Wanted) -> bool:
    if wanted.state and seen.state != wanted.state:
        return False
    if wanted.severities and seen.severity not in wanted.severities:
        return False
    if wanted.sites and seen.site not in wanted.sites:
        return False
    if wanted.first_s is not None or wanted.before_s is not None:
        started_s = parse_time(seen.started_at)
        if not (wanted.first_s or 0.0) <= started_s < (2.0**62 if wanted.before_s is None else wanted.before_s):
            return False
    return wanted.area is None or _inside(wanted.place(seen), wanted.area)


def _inside(position: Position | None, area: Area) -> bool:
    if position is None:
        return False
    west, south, east, north = area
    between = west <= position.lon <= east if west <= east else not east < position.lon < west
    return between and south <= position.lat <= north


_decoder = msgspec.json.Decoder(Seen)
