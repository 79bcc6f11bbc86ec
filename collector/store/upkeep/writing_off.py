"""Numbers that will never come are written off by a person, as if their device had told that they are lost."""

from collector.core import delivery
from collector.core.delivery import Range
from collector.store.alerts.alert_book import AlertBook
from collector.store.upkeep import gaps

REASON = "written off: {reason} ({by})"


WrittenOff = dict[str, tuple[Range, ...]]  # by stream


def write_off(book: AlertBook, device: str, stream: str | None, reason: str, by: str, now: float) -> WrittenOff | None:
    """What is missing now of the device, or of one of its streams; None: there is none of that name.

    A message that comes all the same is stored.
    """
    known = book.db.execute("SELECT stream FROM streams WHERE device = ? ORDER BY stream", (device,)).fetchall()
    wanted = [name for (name,) in known if stream in (None, name)]
    if not wanted:
        return None
    found = {name: ranges for name in wanted if (ranges := gaps.missing(book.db, device, name))}
    book.db.executemany(
        "INSERT INTO lost_notices (device, stream, first, last, reason, received_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [
            (device, name, first, last, REASON.format(reason=reason, by=by), now)
            for name, ranges in found.items()
            for first, last in ranges
        ],
    )
    gaps.watch(book, now, device)
    return found


def messages(found: WrittenOff) -> int:
    return sum(delivery.size(ranges) for ranges in found.values())
