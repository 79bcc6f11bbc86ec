"""Agent, broker and collector are killed with -9 again and again: no committed event is lost, none is stored twice."""

import os
import random
import re
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from scripts import history
from tests.e2e.chain import Chain, running, wait_until

SEED = int(os.environ.get("SEED", "20260302"))
KILLS = int(os.environ.get("KILLS", "12"))
FLUSHED_WITHIN_S = 45.0


@pytest.mark.chain
@pytest.mark.parametrize("embedded", [False, True], ids=["mosquitto", "embedded broker"])
def test_nothing_is_lost_and_nothing_stored_twice(tmp_path: Path, embedded: bool) -> None:
    print(f"SEED={SEED} KILLS={KILLS}")
    chance = random.Random(SEED)
    victims = [*("agent", "broker", "collector") * (KILLS // 3)]
    chance.shuffle(victims)
    with running(Chain(tmp_path, embedded=embedded)) as chain:
        chain.streams()
        for victim in victims:
            time.sleep(chance.uniform(0.2, 1.2))
            chain.kill(victim)
        chain.streams()
        wait_until_it_speaks(chain)
        chain.processes["agent"].terminate()
        chain.processes["agent"].wait(FLUSHED_WITHIN_S)
        streams = chain.streams()
    assert waiting(chain) == 0
    committed = history.committed(chain.outbox)
    assert_log_kept(tmp_path / "agent.log", committed)
    assert history.missing(chain.outbox, streams) == {}
    assert_each_event_once(tmp_path / "collector" / "collector.sqlite", sum(map(history.count, committed.values())))


def wait_until_it_speaks(chain: Chain) -> None:
    """A process that has only just been started does not listen to SIGTERM yet: it would end without delivering the rest."""
    before = len(log(chain))
    wait_until(lambda: len(log(chain)) > before, 30, "the agent commits nothing")


def assert_log_kept(log: Path, committed: dict[str, history.Ranges]) -> None:
    """What the agent ever said it had committed, the outbox has given out, over all its deaths."""
    said: dict[str, int] = {}
    for stream, number in re.findall(r"^committed (\S+) (\d+)$", log.read_text(), re.MULTILINE):
        said[stream] = max(said.get(stream, 0), int(number))
    assert said and all(history.subtract([(1, number)], committed[stream]) == [] for stream, number in said.items() if number)


def assert_each_event_once(store: Path, expected: int) -> None:
    """By number, and by what the event says of itself: every body of the driver is unlike all others."""
    rows = sqlite3.connect(store).execute("SELECT device, stream, seq, payload FROM events").fetchall()
    assert len(rows) == len({row[:3] for row in rows}) == expected > 300
    bodies = Counter(bytes(row[3]).partition(b'"data":')[2] for row in rows)
    assert [body for body, times in bodies.items() if times > 1] == []


@pytest.mark.chain
def test_a_planted_loss_is_seen(tmp_path: Path) -> None:
    """One row is deleted by hand before it was sent: the history check and the collector both tell it."""
    chain = Chain(tmp_path, embedded=False)
    chain.start("agent")
    try:
        wait_until(lambda: "committed" in log(chain) and waiting(chain) >= 20, 20, "nothing is committed")
    finally:
        chain.processes["agent"].kill()
        chain.processes["agent"].wait()
    with sqlite3.connect(chain.outbox) as connection:
        (key,) = connection.execute("SELECT key FROM messages ORDER BY key LIMIT 1 OFFSET 2").fetchone()
        connection.execute("DELETE FROM messages WHERE key = ?", (key,))
    connection.close()
    with running(chain):
        chain.streams()
        wait_until_it_speaks(chain)
        chain.processes["agent"].terminate()
        chain.processes["agent"].wait(FLUSHED_WITHIN_S)
        streams = chain.streams()
    assert history.lost(chain.outbox, streams) == 1
    assert [stream["missing"] for stream in streams if stream["missing"]] == [[[3, 3]]]


def log(chain: Chain) -> str:
    path = chain.folder / "agent.log"
    return path.read_text() if path.exists() else ""


def waiting(chain: Chain) -> int:
    with sqlite3.connect(f"{chain.outbox.as_uri()}?mode=ro", uri=True) as connection:
        return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])
