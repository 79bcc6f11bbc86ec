"""Stills at the collector: asked for by who may, taken once and as a bare picture, looked at in the open, gone in time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest

from collector.config.evidence import Evidence
from collector.core import jpeg
from collector.core.still_requests import PATIENCE_S, Asked, NotTaken, StillRequests, digest_of
from collector.outputs.deep_links import DeepLinks
from collector.outputs.telling import Desk
from collector.store.access.accounts import Accounts
from collector.store.access.postgres_ledger import PostgresLedger
from collector.store.asked_stills import AskedAnywhere, AskedHere
from collector.store.backups import backup
from collector.store.stills import FOLDER, Still, StillFolder, StillTable
from collector.web.services import Stills
from event_contract.commands import CommandResponse, StillRequest
from tests.databases import PostgresSchema, StoreDatabase
from tests.unit.test_collector_web import Site, run
from tests.wire_messages import DEVICE, event, incident

ALERT = f"{DEVICE}/9f2c61d0/north/17"
STILL = f"/api/v1/alerts/{ALERT}/still"
EXIF = b"\xff\xe1\x00\x10Exif\0\0 GPS here"[:18]


def picture(side_px: int = 48) -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (side_px, side_px, 3), np.uint8)
    done, packed = cv2.imencode(".jpg", noise)
    assert done
    return bytes(packed.tobytes())


def with_exif(data: bytes) -> bytes:
    return data[:2] + EXIF + b"\xff\xfe\x00\x06abcd" + data[2:] + b"more behind its end"


def test_only_the_picture_stays_of_a_jpeg() -> None:
    plain = jpeg.plain(with_exif(picture()))
    assert b"Exif" not in plain and b"abcd" not in plain and plain.endswith(b"\xff\xd9")
    before, after = (cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in (picture(), plain))
    assert (before == after).all()


def bad_pictures() -> Iterator[bytes]:
    good = picture()
    yield from (b"", b"<svg>", b"\x89PNG\r\n", good[:-200], good[:20], good.replace(b"\xff\xc0", b"\xff\xc2", 1))
    at = good.index(b"\xff\xc0")
    yield good[: at + 5] + b"\xff\xff\x00\x00" + good[at + 9 :]
    yield good[:2] + good[good.index(b"\xff\xda") :]
    done, progressive = cv2.imencode(".jpg", np.zeros((9, 9, 3), np.uint8), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
    assert done
    yield progressive.tobytes()


@pytest.mark.parametrize("data", list(bad_pictures()))
def test_what_is_no_plain_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"expected|breaks off"):
        jpeg.plain(data)


@pytest.fixture
def collectors(database: StoreDatabase, tmp_path: Path) -> Iterator[list[Stills]]:
    """One, or two that share a database."""
    if not isinstance(database, PostgresSchema):
        yield [Stills(StillRequests(AskedHere()), StillFolder(tmp_path / "stills", 3600), Device().tell)]
        return
    ledgers = [PostgresLedger(database.address) for _ in range(2)]
    yield [Stills(StillRequests(AskedAnywhere(one)), StillTable(one, 3600), Device().tell) for one in ledgers]
    for one in ledgers:
        one.close()


def asked(at: float, **changes: Any) -> Asked:
    fields = {"id": "r1", "digest": digest_of("t"), "alert": ALERT, "device": DEVICE, "camera": "north", "by": "lan", "at": at}
    return Asked(**{**fields, **changes})


def test_a_token_is_good_once_for_a_while_and_for_its_request_at_any_collector(collectors: list[Stills]) -> None:
    here, requests = collectors[0].requests, collectors[-1].requests
    assert here.ask(asked(1000.0)) and not requests.ask(asked(1000.0 + PATIENCE_S, id="r0"))
    for wrong in (("r1", "x"), ("r2", "t"), ("r1", "\udce9"), ("r1\0", "t")):
        with pytest.raises(NotTaken, match="no still was asked for"):
            requests.begin(*wrong, 1001.0)
    for late in (1000 + PATIENCE_S + 1, 999.0):
        with pytest.raises(NotTaken, match="was good for"):
            requests.begin("r1", "t", late)
    assert requests.begin("r1", "t", 1001.0).alert == ALERT
    with pytest.raises(NotTaken, match="used already"):
        here.begin("r1", "t", 1002.0)
    assert here.ask(asked(2000.0, id="r2")), "its time was over"
    requests.done(asked(1000.0))
    requests.spoilt(asked(1000.0), "too late")
    assert here.of(ALERT, 2000.0) == asked(2000.0, id="r2"), "what comes of an earlier one is no matter of it"
    requests.done(asked(2000.0, id="r2"))
    assert here.of(ALERT, 2000.0) is None


def test_why_no_picture_comes_is_told(collectors: list[Stills]) -> None:
    requests, there = collectors[0].requests, collectors[-1].requests
    requests.ask(asked(1000.0))
    requests.heard("another", CommandResponse(id="r1", outcome="refused", code="busy", reason="not its own"))
    waiting = requests.of(ALERT, 1001.0)
    assert waiting is not None and waiting.code == ""
    there.heard(DEVICE, CommandResponse(id="r1", outcome="refused", code="no_picture", reason="too long ago"))
    refused = requests.of(ALERT, 1001.0)
    assert refused is not None and (refused.code, refused.why) == ("no_picture", "too long ago")
    requests.ask(asked(2000.0, id="r2"))
    silent = requests.of(ALERT, 2000 + PATIENCE_S + 1)
    assert silent is not None and silent.code == "no_answer" and "[stills]" in silent.why


def still(stored_at: float, alert: str = ALERT, keep_s: float = 60) -> Still:
    expires_at = stored_at + keep_s
    return Still(
        alert=alert, device=DEVICE, camera="north", asked_by="lan", taken_at="", stored_at=stored_at, expires_at=expires_at
    )  # fmt: skip


def test_a_still_is_not_shown_when_its_time_is_over_and_goes_from_the_disk(tmp_path: Path) -> None:
    folder = StillFolder(tmp_path / "stills", 60)
    assert folder.sweep(0.0) == 0
    folder.put(still(1000.0), b"\n jpeg \n")
    folder.put(still(1000.0, "other", 600), b"x")
    (kept, _) = sorted((tmp_path / "stills").iterdir(), key=lambda path: path.stat().st_size, reverse=True)
    assert kept.stat().st_mode & 0o777 == 0o600 and kept.parent.stat().st_mode & 0o777 == 0o700
    assert folder.sweep(1060.0) == 1 and not kept.exists()
    (tmp_path / "stills" / "torn.new").touch()
    (tmp_path / "stills" / "torn.still").write_bytes(b"{")
    assert folder.sweep(1060.0) == 2, "what a power cut left"


def test_a_still_is_found_at_every_collector_until_its_time_is_over(collectors: list[Stills]) -> None:
    here, there = collectors[0].kept, collectors[-1].kept
    for jpeg_of in (b"first", b"\n\0second\xff"):  # in place of the first
        here.put(still(1000.0), jpeg_of)
    here.put(still(1000.0, "other", 600), b"x")
    assert there.picture(ALERT, 1059.0) == b"\n\0second\xff" and there.of(ALERT, 1059.0) == still(1000.0)
    assert there.picture(ALERT, 1060.0) is None and there.of(ALERT, 1060.0) is None and there.of("nul\0", 0.0) is None
    assert there.sweep(1060.0) == 1 and here.sweep(1060.0) == 0
    assert here.picture("other", 1060.0) == b"x"
    assert here.sweep(-200_000.0) == 1, "a clock that was set back keeps nothing"


def test_a_backup_holds_no_still(tmp_path: Path) -> None:
    StillFolder(tmp_path / "data" / FOLDER, 60).put(still(1000.0), b"jpeg")
    (tmp_path / "data" / "api-token").write_text("x" * 20)
    assert [one.name for one in backup.make(tmp_path / "data", tmp_path / "a.tar", lambda *_: None).files] == ["api-token"]


class Device:
    """Hears what it is asked."""

    def __init__(self) -> None:
        self.heard: list[StillRequest] = []
        self.there = True

    def tell(self, device: str, payload: bytes) -> bool:
        assert device == DEVICE
        self.heard.append(msgspec.json.decode(payload, type=StillRequest))
        return self.there


async def send(site: Site, wish: StillRequest, body: bytes, token: str | None = None, **headers: str) -> tuple[int, Any]:
    sent = {"Authorization": f"Bearer {wish.token if token is None else token}", "Content-Type": "image/jpeg", **headers}
    url = f"{site.url}/api/v1/stills/{wish.id}?taken_at=2026-03-02T00:15:31.240Z"
    async with site.http.post(url, data=body, headers=sent) as answer:
        return answer.status, await answer.json()


async def ask(site: Site, token: str = "", path: str = STILL) -> tuple[int, Any]:
    async with site.http.post(site.url + path, headers={"Authorization": f"Bearer {token or site.token}"}) as answer:
        return answer.status, await answer.json()


def test_from_the_request_to_the_look_and_who_did_what(tmp_path: Path) -> None:
    device = Device()
    stills = Stills(StillRequests(AskedHere()), StillFolder(tmp_path / "stills", 3600), device.tell)

    async def scene(site: Site) -> None:
        site.put(event(incident(), 1))
        accounts = Accounts(tmp_path / "accounts.sqlite")
        lan, viewer = (accounts.tokens.create(role, role) for role in ("operator", "viewer"))
        assert (await ask(site, viewer))[0] == 403
        assert (await ask(site, lan, "/api/v1/alerts/no/such/still"))[0] == 404
        assert (await ask(site, lan))[1]["state"] == (await ask(site, lan))[1]["state"] == "asked"
        [wish] = device.heard
        assert (wish.incident, wish.camera) == ("9f2c61d0/north/17", "north")
        assert (await send(site, wish, picture(), token="guess"))[0] == 401
        assert (await send(site, wish, with_exif(picture()))) == (200, {"stored": True})
        assert (await send(site, wish, picture()))[0] == 401, "once"
        told = (await site.get(f"/api/v1/alerts/{ALERT}"))["evidence"]["still"]
        assert (told["state"], told["taken_at"], told["asked_by"]) == ("there", "2026-03-02T00:15:31.240Z", "token:operator")
        assert (await ask(site, lan))[1]["state"] == "there" and len(device.heard) == 1, "one still per alert"
        for token, status in ((viewer, 403), (lan, 200)):
            async with site.http.get(site.url + STILL, headers={"Authorization": f"Bearer {token}"}) as answer:
                assert answer.status == status
        async with site.http.get(site.url + STILL, headers=site.bearer) as answer:
            assert (answer.content_type, answer.headers["Cache-Control"]) == ("image/jpeg", "no-store")
            assert await answer.read() == jpeg.plain(picture())
        looks = [(one.who, one.target) for one in accounts.audit.read() if one.action == "look at still"]
        assert looks == [("token:operator", ALERT), ("token:api-token", ALERT)]
        assert ("still taken", f"device:{DEVICE}") in {(one.action, one.who) for one in accounts.audit.read()}

    run(tmp_path, scene, stills=stills)


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (b"\xff" * (1024 * 1024 + 1), "image/jpeg", "longer than"),
        (picture(), "image/png", "expected image/jpeg"),
        (b"GIF89a", "image/jpeg", "expected a JPEG"),
    ],
)
def test_what_is_no_still_spoils_the_request_and_says_why(tmp_path: Path, body: bytes, kind: str, why: str) -> None:
    device = Device()
    stills = Stills(StillRequests(AskedHere()), StillFolder(tmp_path / "stills", 3600), device.tell)

    async def scene(site: Site) -> None:
        site.put(event(incident(), 1))
        await ask(site)
        status, problem = await send(site, device.heard[0], body, **{"Content-Type": kind})
        assert status == 422 and why in problem["detail"] and problem["field"] == "body"
        told = (await site.get(f"/api/v1/alerts/{ALERT}"))["evidence"]["still"]
        assert (told["state"], told["code"]) == ("failed", "bad_picture") and why in told["why"]
        async with site.http.get(site.url + STILL, headers=site.bearer) as answer:
            assert answer.status == 404 and why in (await answer.json())["detail"]
        assert (await ask(site))[1]["state"] == "asked" and len(device.heard) == 2, "it may be asked again"
        (tmp_path / "stills").write_text("in the way")
        status, problem = await send(site, device.heard[1], picture())
        assert status == 507 and "could not store it" in problem["detail"]
        assert (await site.get(f"/api/v1/alerts/{ALERT}"))["evidence"]["still"]["state"] == "failed"
        device.there = False
        assert (await ask(site))[0] == 503

    run(tmp_path, scene, stills=stills)


def test_it_is_off_unless_the_collector_opts_in(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.put(event(incident(), 1))
        told = (await site.get(f"/api/v1/alerts/{ALERT}"))["evidence"]
        assert told["link"] is None and told["still"]["state"] == "off" and "[evidence]" in told["still"]["why"]
        assert (await ask(site))[0] == 409
        wish = StillRequest(id="0" * 24, incident="", camera="", at="", token="", within_s=1)
        assert (await send(site, wish, picture()))[0] == 401

    run(tmp_path, scene)


def test_an_alert_links_into_the_citys_video(tmp_path: Path) -> None:
    links = DeepLinks(Evidence(link="https://vms.example/{device}/{camera}?from={unix}", lead_s=5))

    async def scene(site: Site) -> None:
        site.put(event(incident(started_at="2026-03-02T00:15:31.000Z", camera="cổng 1/a"), 1))
        told = (await site.get(f"/api/v1/alerts/{ALERT}"))["evidence"]["link"]
        assert told == f"https://vms.example/{DEVICE}/c%E1%BB%95ng%201%2Fa?from=1772410526"
        [alert, *_devices] = (await site.get("/api/v1/feeds/geojson"))["features"]
        assert alert["properties"]["link"] == told
        async with site.http.get(f"{site.url}/api/v1/feeds/cap/1", headers=site.bearer) as answer:
            assert f"<web>{told}</web>" in await answer.text()

    run(tmp_path, scene, desk=Desk(links=links))
