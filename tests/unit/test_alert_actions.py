"""Deeds, silences and notes over HTTP: the answers tell what came of each, and bad ones what to give instead."""

import time
from pathlib import Path
from typing import Any

from event_contract.times import format_time
from tests.unit.test_collector_web import Site, run
from tests.wire_messages import DEVICE, event, incident

ALERTS = "/api/v1/alerts"
ID = f"{DEVICE}/9f2c61d0/north/17"


async def post(site: Site, path: str, content: Any = None, **headers: str) -> tuple[int, Any]:
    async with site.http.post(site.url + path, json=content, headers={**site.bearer, **headers}) as answer:
        return answer.status, await answer.json()


def test_deeds_one_by_one_and_many_at_once(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.put(event(incident(), 1))
        assert (await post(site, f"{ALERTS}/{ID}/confirm", {"seq": 1}, Origin="https://elsewhere.example"))[0] == 403
        status, done = await post(site, f"{ALERTS}/{ID}/confirm", {"reason": "thấy rõ", "seq": 1})
        assert (status, done["outcome"], done["alert"]["state"]) == (200, "changed", "confirmed")
        assert (await post(site, f"{ALERTS}/{ID.replace('/', '%2F')}/confirm"))[1]["outcome"] == "unchanged"
        status, lost = await post(site, f"{ALERTS}/{ID}/reject", {"seq": 1})
        assert (status, lost["outcome"], lost["alert"]["state"]) == (409, "refused", "confirmed")
        assert (await post(site, f"{ALERTS}/{ID}/undo"))[1]["alert"]["state"] == "open"
        assert (await post(site, f"{ALERTS}/no/such/alert/resolve"))[0] == 404
        status, many = await post(site, f"{ALERTS}/resolve", {"ids": [ID, "no/such"]})
        assert (status, [one["outcome"] for one in many["alerts"]]) == (200, ["changed", "unknown"])
        whole = await site.get(f"{ALERTS}/{ID}")
        assert [one["action"] for one in whole["changes"]] == ["open", "confirm", "undo", "resolve"]
        assert (await site.get(f"{ALERTS}?state=open"))["alerts"] == []
        wrong: list[dict[str, Any]] = [{"ids": []}, {"ids": [ID] * 201}, {"ids": [ID], "reason": "x" * 501}, {"ids": ["a\0b"]}]
        for bad in wrong:
            assert (await post(site, f"{ALERTS}/resolve", bad))[0] == 400

    run(tmp_path, scene)


def test_silences_have_a_name_an_end_and_a_reason(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        soon, wish = format_time(time.time() + 60), {"kind": "fire", "reason": "drill"}
        for bad in ({"ends": "soon"}, {"ends": format_time(time.time() - 1)}, {"ends": "2999-01-01T00:00:00Z"}, {}):
            assert (await post(site, "/api/v1/silences", {**wish, **bad}))[0] == 400
        assert (await post(site, "/api/v1/silences", {"reason": "all", "ends": soon}))[0] == 400
        status, made = await post(site, "/api/v1/silences", {**wish, "ends": soon})
        assert (status, made["n"], made["kind"]) == (200, 1, "fire")
        site.put(event(incident(kind="fire", severity="critical"), 1))
        assert (await site.get(ALERTS))["alerts"][0]["quiet"] == "silenced"
        async with site.http.delete(f"{site.url}/api/v1/silences/1", headers=site.bearer) as answer:
            assert answer.status == 200
        assert (await site.get("/api/v1/silences"))["silences"] == []
        await post(site, "/api/v1/shift-notes", {"text": "làn 2 đang sửa"})
        assert [one["text"] for one in (await site.get("/api/v1/shift-notes"))["notes"]] == ["làn 2 đang sửa"]

    run(tmp_path, scene)
