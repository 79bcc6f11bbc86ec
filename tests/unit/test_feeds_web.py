"""Feeds as software asks for them: pages, links, tags and refusals, over the real store."""

import json
import time
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree

from collector.config.feeds import Feeds
from collector.config.sites import Site
from collector.core.rollup import HOUR_S
from collector.outputs import atom, cap
from collector.outputs.telling import Desk
from collector.web import feeds, open_data
from event_contract import topics
from event_contract.messages import LaneMinute, encode
from event_contract.times import format_time
from tests.unit.test_collector_web import Site as Served
from tests.unit.test_collector_web import run
from tests.wire_messages import DEVICE, birth, event, incident, traffic_minute

PLACES = {"qn-test": Site(site="qn-test", road="Nguyễn Tất Thành", lon=109.223, lat=13.776)}
DESK = Desk(Feeds(sender="ioc@quynhon.example"), PLACES)
ATOM, CAP = {"a": atom.NAMESPACE}, {"c": cap.NAMESPACE}


async def get(site: Served, path: str, status: int = 200, **headers: str) -> tuple[bytes, Any]:
    url = path if path.startswith("http") else f"{site.url}/api/v1{path}"
    async with site.http.get(url, headers={**site.bearer, **headers}) as answer:
        assert answer.status == status, await answer.text()
        return await answer.read(), answer.headers


def staged(site: Served) -> None:
    """A vehicle stops and goes on; another one stands; a camera is blind; a minute of traffic."""
    site.put(encode(birth(1, 5)), topic=topics.status(DEVICE))
    site.put(event(incident(), 1))
    site.put(event(incident(phase="end", revision=2, ended_at=format_time(time.time())), 2))
    site.put(event(incident(incident="r/north/18", kind="wrong_way"), 3))
    site.put(event(incident(incident="r/north/19", kind="camera_fault", detail={"reason": "black"}), 4))
    lanes = (LaneMinute(lane="2", counts={"motorcycle": 31}),)
    minute = traffic_minute(lanes=lanes, from_=format_time(time.time() // 60 * 60 - 60))
    site.put(event(minute, 1, stream="s2", event_class="state"), topic=topics.event(DEVICE, "state"))


def test_the_cap_feed_leads_to_every_alert_and_each_document_to_those_before(tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        staged(site)
        body, headers = await get(site, "/feeds/cap")
        assert headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        links = etree.fromstring(body).findall("a:entry/a:link", ATOM)
        assert len(links) == 3
        documents = [etree.fromstring((await get(site, link.get("href")))[0]) for link in links]
        types = [one.findtext("c:msgType", namespaces=CAP) for one in documents]
        assert types == ["Alert", "Alert", "Update"]  # the one that changed last comes first
        first = etree.fromstring((await get(site, "/feeds/cap/1"))[0])
        sender, name, sent = documents[2].findtext("c:references", namespaces=CAP).split(",")
        assert [first.findtext(f"c:{one}", namespaces=CAP) for one in ("sender", "identifier", "sent")] == [sender, name, sent]
        assert documents[2].findtext("c:info/c:responseType", namespaces=CAP) == "AllClear"
        assert documents[2].findtext("c:info/c:area/c:circle", namespaces=CAP) == "13.776000,109.223000 0.150"
        await get(site, "/feeds/cap/99", status=404)

    run(tmp_path, scene, desk=DESK)


def test_the_other_feeds_tell_the_same_alerts(tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        staged(site)
        body, headers = await get(site, "/feeds/datex2")
        assert headers["Content-Type"] == "application/xml; charset=utf-8"
        assert [one.get("version") for one in etree.fromstring(body).iterfind(".//{*}situationRecord")] == ["3", "2"]
        body, headers = await get(site, "/feeds/ngsi-ld")
        assert headers["Content-Type"] == "application/ld+json"
        entities = msgspec.json.decode(body)
        assert [one["type"] for one in entities] == ["Alert", "Alert", "Device", *["TrafficFlowObserved"] * 2]
        assert entities[2]["deviceState"] == "faulty"
        assert {one["type"] for one in msgspec.json.decode((await get(site, "/feeds/ngsi-ld?type=Device,Alert"))[0])} == {
            "Alert",
            "Device",
        }
        body, headers = await get(site, "/feeds/geojson")
        assert headers["Content-Type"] == "application/geo+json"
        features = msgspec.json.decode(body)["features"]
        assert [one["properties"]["feature"] for one in features] == ["alert"] * 3 + ["device"]
        assert {one["properties"]["position"] for one in features} == {"site"}

    run(tmp_path, scene, desk=DESK)


def test_pages_lead_on_and_end(tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        site.put(*(event(incident(incident=f"r/north/{n}"), n) for n in range(1, 6)))
        seen, address = [], "/feeds/geojson?limit=2"
        while address:
            body, headers = await get(site, address)
            seen += [one["properties"]["version"] for one in msgspec.json.decode(body)["features"]]
            following = headers.get("Link")
            address = following and site.url + following[1 : following.index(">")]
        assert seen == [5, 4, 3, 2, 1]
        [following] = etree.fromstring((await get(site, "/feeds/cap?limit=3"))[0]).findall("a:link[@rel='next']", ATOM)
        rest = etree.fromstring((await get(site, following.get("href")))[0])
        assert len(rest.findall("a:entry", ATOM)) == 2 and rest.find("a:link[@rel='next']", ATOM) is None

    run(tmp_path, scene)


def test_what_has_ended_long_ago_is_left_out_and_what_stands_is_not(tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        staged(site)
        features = msgspec.json.decode((await get(site, "/feeds/geojson"))[0])["features"]
        assert [one["properties"]["state"] for one in features[:-1]] == ["open", "open"]

    run(tmp_path, scene, desk=Desk(Feeds(ended_h=0.0)))


def test_who_asks_again_is_told_only_what_is_new(tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        site.put(event(incident(), 1))
        feeds = ("/feeds/cap", "/feeds/datex2", "/feeds/ngsi-ld", "/feeds/geojson", "/feeds/cap/1")
        told = {feed: await get(site, feed) for feed in feeds}
        for feed, (_, headers) in told.items():
            assert headers["Cache-Control"] == "private, no-cache" and headers["Last-Modified"]
            assert (await get(site, feed, 304, **{"If-None-Match": headers["ETag"]}))[0] == b""
        site.put(event(incident(incident="r/north/18"), 2))
        for feed, (body, headers) in told.items():
            new = feed != "/feeds/cap/1"
            again, _ = await get(site, feed, 200 if new else 304, **{"If-None-Match": headers["ETag"]})
            assert again != body

    run(tmp_path, scene)


def test_a_bad_question_names_the_parameter(tmp_path: Path) -> None:
    asked = {
        "limit": ["/feeds/cap?limit=0", "/feeds/geojson?limit=1001"],
        "before": ["/feeds/datex2?before=x"],
        "type": ["/feeds/ngsi-ld?type=Vehicle"],
        "from": [
            "/open-data/traffic.csv?from=yesterday",
            "/open-data/traffic.csv?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z",
        ],
    }

    async def scene(site: Served) -> None:
        for name, paths in asked.items():
            for path in paths:
                body, _ = await get(site, path, 400)
                assert json.loads(body)["field"] == name

    run(tmp_path, scene)


def test_open_data_tell_roads_and_hours_that_are_over(tmp_path: Path) -> None:
    now_s = time.time()
    settled_s = (now_s - open_data.SETTLED_S) // HOUR_S * HOUR_S

    async def scene(site: Served) -> None:
        site.put(encode(birth(1, 5)), topic=topics.status(DEVICE))
        for seq, begins_s in enumerate((settled_s - HOUR_S, now_s // 60 * 60 - 60), 1):
            lanes = (LaneMinute(lane="2", counts={"motorcycle": 31, "person": 4}),)
            minute = traffic_minute(lanes=lanes, from_=format_time(begins_s))
            payload = event(minute, seq, stream="s2", event_class="state", at=begins_s + 60)
            site.put(payload, topic=topics.event(DEVICE, "state"))
        site.store.roll_up(7 * 3600.0)
        lines = (await get(site, "/open-data/traffic.csv"))[0].decode().splitlines()
        assert len(lines) == 2 and lines[1].startswith("Nguyễn Tất Thành,") and ",31," in lines[1]
        assert DEVICE not in lines[1] and "north" not in lines[1]
        [feature] = msgspec.json.decode((await get(site, "/open-data/traffic.geojson"))[0])["features"]
        assert feature["geometry"]["coordinates"] == [109.223, 13.776] and feature["properties"]["motorcycle"] == 31
        assert len((await get(site, "/open-data/traffic.csv?road=another"))[0].splitlines()) == 1

    run(tmp_path, scene, desk=DESK)


def test_a_page_is_rendered_once_until_something_changes(tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        staged(site)
        pages = site.app[feeds.PAGES]
        first, headers = await get(site, "/feeds/datex2")
        [kept] = pages.values()
        assert kept == first
        pages[next(iter(pages))] = b"<kept/>"
        assert (await get(site, "/feeds/datex2"))[0] == b"<kept/>"
        site.put(event(incident(incident="r/north/20"), 5))
        second, after = await get(site, "/feeds/datex2", **{"If-None-Match": headers["ETag"]})
        assert second.count(b"situationRecord ") == 1 + first.count(b"situationRecord ") and after["ETag"] != headers["ETag"]
        for limit in range(1, 2 * feeds.PAGES_KEPT):
            await get(site, f"/feeds/datex2?limit={limit}")
        assert len(pages) == feeds.PAGES_KEPT

    run(tmp_path, scene)
