"""What the collector holds of a swarm's events, against what the devices committed."""

import json
import sqlite3
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge_agent.core.failure import Failure
from scripts import history
from scripts.history import Ranges
from scripts.swarms.device import History
from scripts.swarms.judging import said_twice

DATABASE = "collector.sqlite"
ANSWER_WITHIN_S = 120


class CannotAsk(Failure):
    """The collector does not say what it holds."""


@dataclass(frozen=True, slots=True)
class Found:
    lost: int
    duplicated: int
    stored: int


class _Data(msgspec.Struct):
    run: str


class _Event(msgspec.Struct):
    data: _Data


def committed(histories: Iterable[History]) -> dict[str, Ranges]:
    """Per stream what the devices have promised to deliver."""
    return {stream: [(1, last)] for one in histories for stream, last in one.committed.items() if last}


def in_database(data_dir: Path, histories: Iterable[History]) -> Found:
    """Row by row: also an event that is stored under two numbers counts, and one that nobody committed."""
    promised = committed(histories)
    with closing(sqlite3.connect(f"{(data_dir / DATABASE).resolve().as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT stream, seq, payload FROM events ORDER BY stream, seq").fetchall()
    judged = history.judge(promised, ((stream, seq) for stream, seq, _ in rows), {})
    twice = said_twice(msgspec.json.decode(payload, type=_Event).data.run for _, _, payload in rows)
    extra = count(judged.uncommitted)
    return Found(count(judged.lost), judged.duplicated + twice + extra, len(rows))


def by_api(url: str, token: str, histories: Iterable[History]) -> Found:
    """What somebody else's collector says of the swarm's streams; numbers that nobody committed count as duplicates."""
    promised = committed(histories)
    request = urllib.request.Request(f"{url}/api/v1/streams", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answer:
            streams: list[dict[str, Any]] = json.load(answer)["streams"]
    except (OSError, ValueError, KeyError) as error:
        raise CannotAsk(f"{url}: {error}; check --collector and --token-file") from error
    held: dict[str, Ranges] = {
        one["stream"]: [(first, last) for first, last in one["ranges"]] for one in streams if one["stream"] in promised
    }
    lost = {stream: history.subtract(ranges, held.get(stream, [])) for stream, ranges in promised.items()}
    extra = {stream: history.subtract(ranges, promised[stream]) for stream, ranges in held.items()}
    return Found(count(lost), count(extra), count(held))


def count(of_streams: Mapping[str, Ranges]) -> int:
    return history.count(one for ranges in of_streams.values() for one in ranges)
