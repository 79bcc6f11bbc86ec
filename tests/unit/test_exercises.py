"""A staged alert reaches who asks for exercises, by whatever way, and nobody and nothing else."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec

from collector.core.alerts import EXERCISES
from collector.core.delivery import Received
from collector.core.exercises import Staged
from collector.store.alerts import exercises, listening
from event_contract import topics
from event_contract.topics import is_device_name
from tests.unit.test_collector_web import Site, run
from tests.unit.test_webhooks import Bench
from tests.unit.test_webhooks import run as run_bench
from tests.wire_messages import DEVICE, event, incident

CAP = {"cap": "urn:oasis:names:tc:emergency:cap:1.2"}
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def test_no_device_can_tell_what_passes_for_an_exercise() -> None:
    assert not is_device_name(EXERCISES.split("/")[1])
    forged = msgspec.json.encode(incident(detail={"exercise": True, "id": EXERCISES}))
    assert b'{"id":"' + EXERCISES.encode() not in forged[:40]


def test_an_exercise_over_http(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        async def post(path: str, content: Any = None, status: int = 200) -> Any:
            async with site.http.post(f"{site.url}/api/v1/exercises{path}", json=content or {}, headers=site.bearer) as answer:
                assert answer.status == status, await answer.text()
                return await answer.json()

        async def page(path: str) -> bytes:
            async with site.http.get(f"{site.url}/api/v1/feeds/{path}", headers=site.bearer) as answer:
                assert answer.status == 200
                return await answer.read()

        def commit(seq: int, **told: Any) -> None:  # all streams then read the store
            site.store.commit([Received(topics.event(DEVICE, "incident"), event(incident(**told), seq), time.time())])

        commit(1)
        told = await post("", {"kind": "suspected_accident", "severity": "critical", "lon": 109.2, "lat": 13.7})
        assert told["alert"]["id"] == EXERCISES + told["name"] and told["alert"]["exercise"]
        assert (await post("", {"kind": "unicorn"}, 400))["field"] == "kind"
        await post("/00000000/end", status=404)
        ended = await post(f"/{told['name']}/end")
        assert (await post(f"/{told['name']}/update"))["alert"] == ended["alert"]
        commit(2, incident="r/north/2")

        assert [one["exercise"] for one in (await site.get("/api/v1/alerts"))["alerts"]] == [False, False]
        assert len((await site.get("/api/v1/feeds/geojson"))["features"]) == 2
        [feature] = (await site.get("/api/v1/feeds/geojson?exercise=only"))["features"]
        assert feature["properties"]["exercise"] and feature["properties"]["headline"]["vi"].startswith("DIỄN TẬP, ")
        feed = ElementTree.fromstring(await page("cap?exercise=only"))
        [entry] = feed.findall("a:entry", ATOM)
        links = [one.get("href", "") for one in entry.findall("a:link", ATOM)]
        document = ElementTree.fromstring(await page("cap/" + links[-1].rpartition("/")[2]))
        assert document.findtext("cap:status", namespaces=CAP) == "Exercise"
        assert document.findtext("cap:info/cap:responseType", namespaces=CAP) == "AllClear"
        assert b"technicalExercise" in await page("datex2?exercise=only")
        assert b"technicalExercise" not in await page("datex2")

        async def streamed(exercise: str, count: int) -> list[int]:
            seqs: list[int] = []
            query = f"last_event_id=0&exercise={exercise}"
            async with site.http.get(f"{site.url}/api/v1/alerts/stream?{query}", headers=site.bearer) as stream:
                async for line in stream.content:
                    if line.startswith(b"id: "):
                        seqs.append(int(line[4:]))
                    if len(seqs) == count:
                        break
            return seqs

        assert await streamed("no", 2) == [1, 4]
        assert await streamed("only", 2) == [2, 3]
        assert await streamed("also", 4) == [1, 2, 3, 4]

    run(tmp_path, scene)


def test_live_streams_leave_exercises_out_and_go_on(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        async with (
            site.http.ws_connect(f"{site.url}/api/v1/alerts/ws", headers=site.bearer) as plain,
            site.http.ws_connect(f"{site.url}/api/v1/alerts/ws?exercise=only", headers=site.bearer) as trial,
            site.http.get(f"{site.url}/api/v1/alerts/stream", headers=site.bearer) as stream,
        ):
            while site.feed.subscribers < 3:
                await asyncio.sleep(0.01)
            staged, committed = site.store.perform(lambda book: exercises.begin(book, Staged(), "0000000a", 1e9))
            assert staged is not None and staged.seq == 1
            site.feed.publish([(change.seq, change.body) for change in committed.changes])
            site.put(event(incident(), 1))
            assert json.loads((await plain.receive()).data)["seq"] == 2
            assert json.loads((await trial.receive()).data)["seq"] == 1
            ids = []
            async for line in stream.content:
                if line.startswith(b"id: "):
                    ids.append(int(line[4:]))
                    break
            assert ids == [2]

    run(tmp_path, scene)


def test_an_exercise_is_queued_for_who_asks_and_counts_nowhere(tmp_path: Path) -> None:
    async def scene(site: Bench) -> None:
        for name in ("no", "also", "only"):
            site.subscribe(name, exercise=name)
        site.put(1)
        site.store.perform(lambda book: exercises.begin(book, Staged(severity="critical"), "0000000a", site.now()))
        site.store.perform(lambda book: exercises.go_on(book, "0000000a", "end", site.now()))
        site.put(2, phase="end")
        await site.until(lambda: len(site.receiver.got["/also"]) == 4 and len(site.receiver.got["/only"]) == 2)
        assert sorted(site.receiver.seqs("/only")) == [2, 3] and sorted(site.receiver.seqs("/no")) == [1, 4]
        assert [json.loads(body)["data"]["exercise"] for _, body in site.receiver.got["/only"]] == [True, True]

        def look(book: Any) -> None:
            assert [one[0] for one in book.db.execute("SELECT seq FROM alerts")] == [4]
            assert listening.sounded(book.db, site.now()) == 1

        site.store.perform(look)

    run_bench(tmp_path, scene)
