"""Missing numbers are listed and written off: their alarm ends, it is known who did it and why, and what comes is stored."""

from pathlib import Path

from collector.core.delivery import Received
from collector.store.questions import queries
from collector.store.upkeep import writing_off
from event_contract import topics
from event_contract.messages import encode
from tests.databases import StoreDatabase
from tests.unit.test_collector_store import KEEP, NOW, alerts_of, put
from tests.unit.test_collector_web import Site, run
from tests.wire_messages import DEVICE, STREAM, birth, event


def test_what_is_written_off_is_missed_no_more_and_stored_when_it_comes(database: StoreDatabase) -> None:
    store, db = database.store(), database.reader()
    put(store, encode(birth(1, 9)), topic=topics.status(DEVICE), at=NOW - 700)
    put(store, *(event({"kind": "x"}, seq) for seq in (2, 6)), event({"kind": "x"}, 3, stream="other"), at=NOW - 700)
    store.look_after(NOW - 700, KEEP), store.look_after(NOW, KEEP)
    assert [alert["state"] for alert in alerts_of(db)] == ["open", "open"]
    found, _ = store.perform(lambda book: writing_off.write_off(book, DEVICE, STREAM, "card burnt", "lan", NOW))
    assert found == {STREAM: ((1, 1), (3, 5), (7, 9))} and writing_off.messages(found) == 7
    by_stream = {one["stream"]: one for one in queries.streams(db)}
    assert (by_stream[STREAM]["missing"], by_stream[STREAM]["lost_notices"]) == ((), ((1, 1), (3, 5), (7, 9)))
    assert by_stream["other"]["missing"] == ((1, 2),)
    assert sorted(str(alert["state"]) for alert in alerts_of(db)) == ["closed", "open"]
    [(reason,)] = {tuple(row) for row in db.execute("SELECT reason FROM lost_notices").fetchall()}
    assert reason == "written off: card burnt (lan)"
    assert put(store, event({"kind": "x"}, 4)).outcomes == {"store": 1}
    assert store.perform(lambda book: writing_off.write_off(book, "nobody", None, "x", "lan", NOW))[0] is None
    store.close(), db.close()


def test_gaps_over_http_are_written_off_for_a_reason_that_is_audited(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.store.commit([Received(topics.status(DEVICE), encode(birth(1, 3)), NOW)])
        site.put(event({"kind": "x"}, 2))
        [gap] = (await site.get("/api/v1/gaps"))["gaps"]
        assert (gap["device"], gap["stream"], gap["missing"]) == (DEVICE, STREAM, [[1, 1], [3, 3]])
        told = {"device": DEVICE, "reason": "card burnt"}
        for content, status in (({"device": DEVICE}, 400), ({**told, "stream": "x"}, 404), (told, 200)):
            async with site.http.post(f"{site.url}/api/v1/gaps/write-off", json=content, headers=site.bearer) as answer:
                assert answer.status == status
        assert (await site.get("/api/v1/gaps"))["gaps"] == []
        entries = (await site.get("/api/v1/audit"))["entries"]
        did = [(one["action"], one["target"], one["detail"]) for one in entries]
        assert ("write off", DEVICE, "2 messages: card burnt") in did

    run(tmp_path, scene)
