"""What the feeds ask the store, on both engines."""

from contextlib import closing

from collector.core.delivery import Received
from collector.store.engines.db import Db
from collector.store.questions import feeding
from event_contract import topics
from event_contract.messages import encode
from event_contract.times import format_time
from tests.databases import StoreDatabase
from tests.wire_messages import DEVICE, birth, event, incident

TOPIC = topics.event(DEVICE, "incident")
BEGUN_S = 1_772_410_531.0


def test_what_stands_and_what_became_of_one_alert(database: StoreDatabase) -> None:
    """Three alerts, ten seconds apart; the first is told four times, and is over at the end."""
    with closing(database.store()) as store:
        store.commit([Received(topics.status(DEVICE), encode(birth()), BEGUN_S)])
        bodies = [
            incident(),
            incident(incident="r/north/18"),
            incident(revision=2, phase="update", confidence=0.5),
            incident(incident="r/north/19"),
            incident(revision=3, phase="update", confidence=0.6),
            incident(revision=4, phase="end", ended_at=format_time(BEGUN_S)),
        ]
        for seq, body in enumerate(bodies, 1):
            store.commit([Received(TOPIC, event(body, seq), BEGUN_S + 10 * seq)])
    with closing(database.reader()) as db:
        assert seqs(db, 0.0, 10) == [6, 4, 2]
        assert seqs(db, BEGUN_S + 60, 10) == [6, 4, 2]
        assert seqs(db, BEGUN_S + 61, 10) == [4, 2]
        assert seqs(db, 0.0, 2) == [6, 4]
        assert seqs(db, 0.0, 2, before=4) == [2]
        told, earlier = feeding.change(db, 6) or (None, [])
        assert told is not None and (told.alert.seq, told.at_s, told.alert.state) == (6, BEGUN_S + 60, "closed")
        assert [(one.alert.seq, one.alert.confidence) for one in earlier] == [(1, 0.9), (3, 0.5), (5, 0.6)]
        assert feeding.change(db, 7) is None
        [device] = feeding.devices(db)
        assert (device.device, device.site, device.online, device.since_s) == (DEVICE, "qn-test", True, BEGUN_S)


def seqs(db: Db, since_s: float, limit: int, before: int | None = None) -> list[int]:
    return [one.alert.seq for one in feeding.current(db, since_s, limit, before)]
