#!/usr/bin/env python3
"""The history check: what devices committed against what the collector's store holds.

    scripts/history.py OUTBOX STREAMS       STREAMS: answer of GET /api/v1/streams, a file or - for standard input

A number counts as committed when the outbox gave it out and wrote no `lost` notice for it (shed by a cap; moved by a
fork). Prints `lost=<n>`; exit 1 when n > 0. Reads both and changes neither; the agent may be running.
"""

import json
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Ranges = list[tuple[int, int]]  # inclusive, ascending, disjoint


@dataclass(frozen=True, slots=True)
class Judgement:
    """Per stream: `lost` was committed, is not stored, and no notice names it; `uncommitted` is stored, and no device gave
    it out. `duplicated` is how many rows are one too many."""

    lost: dict[str, Ranges]
    uncommitted: dict[str, Ranges]
    duplicated: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.uncommitted or self.duplicated)


def judge(committed: Mapping[str, Ranges], stored: Iterable[tuple[str, int]], named: Mapping[str, Ranges]) -> Judgement:
    """`stored`: (stream, number) of every row, ascending. `named`: what `lost` notices in the store speak of.

    The order in which revisions of an incident came is no matter: the highest wins.
    """
    held: dict[str, Ranges] = {}
    duplicated = 0
    for stream, number in stored:
        ranges = held.setdefault(stream, [])
        if ranges and number == ranges[-1][1]:
            duplicated += 1
        elif ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    kept = {stream: [*held.get(stream, []), *named.get(stream, [])] for stream in committed}
    lost = {stream: gaps for stream, ranges in committed.items() if (gaps := subtract(ranges, kept[stream]))}
    extra = {stream: more for stream, ranges in held.items() if (more := subtract(ranges, committed.get(stream, [])))}
    return Judgement(lost, extra, duplicated)


def committed(outbox: Path) -> dict[str, Ranges]:
    """Per stream what the device has promised to deliver."""
    with closing(sqlite3.connect(f"{outbox.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        streams = connection.execute("SELECT number, stream, next_seq FROM streams").fetchall()
        named = connection.execute("SELECT stream, first, last FROM tombstones").fetchall()
    return {
        stream: subtract([(1, next_seq - 1)], [(first, last) for about, first, last in named if about == number])
        for number, stream, next_seq in streams
    }


def missing(outbox: Path, streams: Iterable[dict[str, Any]]) -> dict[str, Ranges]:
    """Per stream what was committed and is not stored. `streams` as GET /api/v1/streams lists them."""
    stored = {stream["stream"]: [(first, last) for first, last in stream["ranges"]] for stream in streams}
    return {stream: gaps for stream, ranges in committed(outbox).items() if (gaps := subtract(ranges, stored.get(stream, [])))}


def lost(outbox: Path, streams: Iterable[dict[str, Any]]) -> int:
    return count(gap for gaps in missing(outbox, streams).values() for gap in gaps)


def subtract(ranges: Ranges, taken: Ranges) -> Ranges:
    """What is left of `ranges` without `taken`."""
    left = [(first, last) for first, last in ranges if first <= last]
    for low, high in taken:
        left = [
            piece
            for first, last in left
            for piece in ((first, min(last, low - 1)), (max(first, high + 1), last))
            if piece[0] <= piece[1]
        ] if low <= high else left
    return left


def count(ranges: Iterable[tuple[int, int]]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not Path(arguments[0]).is_file():
        print(f"{arguments[0]}: no such outbox" if len(arguments) == 2 else __doc__, file=sys.stderr)
        return 2
    text = sys.stdin.read() if arguments[1] == "-" else Path(arguments[1]).read_text(encoding="utf-8")
    gaps = missing(Path(arguments[0]), json.loads(text)["streams"])
    for stream, ranges in gaps.items():
        print(f"{stream}: {', '.join(f'{first}..{last}' for first, last in ranges)}")
    total = count(gap for ranges in gaps.values() for gap in ranges)
    print(f"lost={total}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
