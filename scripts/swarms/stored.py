"""What the collector holds of a swarm's events, against what the devices committed."""

import json
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.core.failure import Failure
from scripts import history
from scripts.drills.judging import Stored, total
from scripts.history import Ranges
from scripts.swarms.device import History

ANSWER_WITHIN_S = 120


class CannotAsk(Failure):
    """The collector does not say what it holds."""


@dataclass(frozen=True, slots=True)
class Found:
    lost: int
    duplicated: int
    stored: int


def committed(histories: Iterable[History]) -> dict[str, Ranges]:
    """Per stream what the devices have promised to deliver."""
    return {stream: [(1, last)] for one in histories for stream, last in one.committed.items() if last}


def in_database(database: Path, histories: Iterable[History]) -> Found:
    """Row by row: an event that is stored under two numbers counts as duplicated, and so does one that nobody committed."""
    with Stored(database) as rows:
        judged = history.judge(committed(histories), rows.numbers(), rows.named())
    return Found(total(judged.lost), judged.duplicated + rows.said_twice + total(judged.uncommitted), rows.read)


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
    return Found(total(lost), total(extra), total(held))
