"""What a technician does on the device's page: it is done, told, ended by itself, written down, and holds no secret."""

import io
import logging
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from math import hypot
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest

from edge_agent.app.diagnostics import bundle
from edge_agent.app.journal import Journal, secrets_in
from edge_agent.app.maintenance import LONGEST_S, MaintenanceBook
from edge_agent.app.page_setup import look_at_page
from edge_agent.app.preview import Preview, _Seen
from edge_agent.config import WebConfig, load_config
from edge_agent.core.types import Box, Frame, RoadUser, Track
from edge_agent.sinks.origin import Origin
from edge_agent.web.accounts import Accounts
from edge_agent.web.figures import LogLine, RoadUserNow
from event_contract.messages import Clock, DeviceTestData, MaintenanceData
from tests.roads import scene
from tests.unit.running_page import NO_ROOM, OVERVIEW, USER, RunningPage, running_page

CLOCK = Clock(mono_s=0.0, boot="b", synced=True)
LOG = tuple(
    LogLine(at=f"2026-03-02T00:00:0{second}.000Z", level=level, name=name, text=text)  # type: ignore[arg-type]
    for second, (level, name, text) in enumerate(
        [("info", "edge_agent.cli.run", "camera north: live"), ("warning", "aiohttp", "odd"), ("error", "page", "Camera lost")]
    )
)


class Wall:
    """A wall clock that a test sets."""

    now_s = 1_772_400_000.0

    def origin(self) -> Origin:
        return Origin("d", "run", "b", "", "0", lambda: CLOCK, read_wall_s=lambda: self.now_s)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    with running_page(tmp_path_factory.mktemp("web"), log=LOG) as running:
        yield running


def test_what_is_done_is_done_by_name_and_written_down(page: RunningPage) -> None:
    cookie = page.cookie()
    assert page.post(cookie, "/api/v1/maintenance", {"minutes": 30, "reason": "ống kính"}).json["maintenance"]["by"] == USER
    assert page.post(cookie, "/api/v1/maintenance/end").json == {"maintenance": None}
    assert page.post(cookie, "/api/v1/test-event").status == page.post(cookie, "/api/v1/restart").status == 200
    assert page.done == [("begin", 30, USER, "ống kính"), ("end", USER), ("test", USER), ("restart",)]
    bundle = page.ask("GET", "/api/v1/diagnostics", cookie=cookie)
    assert bundle.body == b"zip" and 'filename="qn-01-diagnostics.zip"' in bundle.headers["Content-Disposition"]
    told = [(one["action"], one["outcome"]) for one in page.ask("GET", "/api/v1/audit?limit=5", cookie=cookie).json["entries"]]
    names = ["diagnostics", "POST /api/v1/restart", "POST /api/v1/test-event", "POST /api/v1/maintenance/end"]
    assert told == [(name, "ok") for name in [*names, "POST /api/v1/maintenance"]]
    for wrong in ({}, {"minutes": 4}, {"minutes": 481}, {"minutes": "9"}, {"minutes": 9, "reason": "x" * 201}, [], "x"):
        assert page.post(cookie, "/api/v1/maintenance", wrong).status == 400, wrong
    assert page.ask("GET", "/api/v1/audit?limit=1", cookie=cookie).json["entries"][0]["outcome"] == "refused"


def test_a_full_disk_is_told_to_whoever_begins_to_work(page: RunningPage) -> None:
    refused = page.post(page.cookie(), "/api/v1/maintenance", {"minutes": 30, "reason": NO_ROOM})
    assert (refused.status, refused.json["detail"]) == (503, f"the device's disk: {NO_ROOM}; nothing is changed")


def test_the_log_is_filtered_newest_first(page: RunningPage) -> None:
    cookie = page.cookie()

    def texts(query: str) -> list[str]:
        return [line["text"] for line in page.ask("GET", f"/api/v1/log{query}", cookie=cookie).json["lines"]]

    assert texts("") == ["Camera lost", "odd", "camera north: live"]
    assert texts("?level=warning") == ["Camera lost", "odd"] and texts("?level=error") == ["Camera lost"]
    assert texts("?text=CAMERA") == ["Camera lost", "camera north: live"] and texts("?limit=1") == ["Camera lost"]


def test_the_lens_and_who_is_seen_are_told_of(page: RunningPage) -> None:
    cookie = page.cookie()
    assert page.ask("GET", "/api/v1/seen/north", cookie=cookie).json["users"] == []
    assert page.ask("GET", "/api/v1/seen/dead", cookie=cookie).status == 503
    assert page.ask("GET", "/api/v1/seen/south", cookie=cookie).status == 404
    assert page.ask("GET", "/api/v1/lens/north", cookie=cookie).json["sharpness"] == 5.0
    assert page.ask("GET", "/api/v1/lens/dead", cookie=cookie).status == 503
    assert page.ask("GET", "/api/v1/lens/south", cookie=cookie).status == 404


def test_a_lens_in_focus_is_sharper_and_a_covered_one_dark() -> None:
    preview = Preview({"north": scene()})
    squares = np.kron(np.indices((24, 32)).sum(axis=0) % 2, np.ones((10, 10)))
    edges = np.repeat(squares[..., None], 3, axis=2).astype(np.uint8)
    pictures = [edges * 200, cv2.blur(edges * 200, (9, 9)), edges * 0, edges * 0 + 255]
    told = []
    for index, picture in enumerate(pictures):
        preview._seen["north"] = _Seen(Frame("north", index, 0.0, picture), [], (), (0.0, 0.0), None)
        told.append(preview.aid("north"))
    sharp, soft, dark, bright = (one for one in told if one is not None)
    assert sharp.sharpness > 2 * soft.sharpness and abs(sharp.brightness - soft.brightness) < 0.05
    assert (dark.dark, dark.bright, bright.dark, bright.bright) == (1.0, 0.0, 0.0, 1.0)
    assert preview._seen == {}


def test_the_last_picture_of_a_dead_camera_is_none_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.app.preview.STILL_WITHIN_S", 0.2)
    preview, picture = Preview({"north": scene()}), Frame("north", 3, 0.0, np.zeros((240, 320, 3), np.uint8))
    assert preview.join("north")  # somebody looks on
    for ago_s, comes in ((60.0, False), (0.0, True)):
        preview._seen["north"] = _Seen(picture, [], (), (0.0, 0.0), None, time.monotonic() - ago_s)
        assert (preview.still("north") is not None) == comes


def test_who_is_seen_how_fast_and_how_far_the_picture_lies_beside_the_zones() -> None:
    preview = Preview({"north": scene()})
    track = Track(7, Box(0.4, 0.4, 0.5, 0.5), "car", 0.8, True, 9)
    driver = RoadUser(track, (0.45, 0.5), "1", (1.5, 31.02), (1.5, 31.0), (1.0, 0.0, 0.0, 1.0), 44.96, 1.0, 44.9, True)
    unknown = replace(driver, track=replace(track, id=8), lane=None, road_m=None, calibrated=False)
    picture = Frame("north", 3, 0.0, np.zeros((240, 320, 3), np.uint8))
    preview._seen["north"] = _Seen(picture, [driver, unknown], (), (0.003, 0.004), None)
    told = preview.seen("north")
    assert told is not None and (told.index, told.calibrated, told.turned, told.incidents) == (3, True, False, ())
    assert told.users == (
        RoadUserNow(id=7, cls="car", lane="1", speed_kmh=45.0, error_kmh=2.0, away_m=31.0),
        RoadUserNow(id=8, cls="car", lane=None, speed_kmh=None, error_kmh=None, away_m=None),
    )
    assert told.beside == pytest.approx(hypot(0.003, 0.004 * 240 / 320), abs=1e-4)
    measured: dict[str, str | float | int] = {"reason": "moved", "moved_percent": 12.5}
    for moved, beside in ((measured, 0.125), ({"reason": "moved"}, None)):
        preview._seen["north"] = _Seen(picture, [], (), (0.0, 0.0), moved)
        told = preview.seen("north")
        assert told is not None and told.turned and told.beside == beside


def test_in_what_is_kept_of_a_picture_nobody_is_recognised() -> None:
    preview = Preview({"north": scene()})
    stripes = np.tile(np.array([0, 255], np.uint8), (480, 320))
    picture = Frame("north", 3, 0.0, np.repeat(stripes[..., None], 3, axis=2).repeat(2, axis=1)[:, :640])
    track = Track(7, Box(0.25, 0.25, 0.5, 0.5), "car", 0.8, False, 9)
    driver = RoadUser(track, (0.4, 0.5), "1", None, (1.5, 31.0), (1.0, 0.0, 0.0, 1.0), None, None, None, False)
    preview._seen["north"] = _Seen(picture, [driver], (), (0.0, 0.0), None)
    kept = preview.keepsake("north", [((0.8, 0.0), (1.0, 0.0), (1.0, 0.2), (0.8, 0.2))])
    assert kept is not None
    seen = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert seen is not None and seen.shape == (240, 320)
    plate, road, mask = seen[95:115, 85:155], seen[95:115, 200:270], seen[5:40, 265:315]
    assert plate.std() < 10 < 60 < road.std() and mask.max() < 25


def test_maintenance_ends_by_itself_and_the_collector_hears_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mono_s = 100.0
    monkeypatch.setattr("edge_agent.app.maintenance.time.monotonic", lambda: mono_s)
    book = MaintenanceBook(tmp_path / "m.json", Wall().origin())
    assert book.now() is None and book.turn() == []
    begun = book.begin(10, USER, "lens")
    (told,) = book.turn()
    assert told.event_class == "state" and told.body == MaintenanceData(
        run="run", until=begun.until, by=USER, reason="lens", clock=CLOCK
    )
    mono_s += 599
    assert book.now() == begun and book.turn() == []
    mono_s += 1
    (ended,) = book.turn()
    assert isinstance(ended.body, MaintenanceData) and ended.body.until is None and book.now() is None
    book.begin(10, USER, "")
    book.end(USER)
    book.end(USER)
    assert [getattr(one.body, "until", "") is None for one in book.turn()] == [False, True]
    book.test(USER)
    assert isinstance(book.turn()[0].body, DeviceTestData)


def test_maintenance_is_kept_over_a_restart_but_not_for_ever(tmp_path: Path) -> None:
    wall = Wall()
    begun = MaintenanceBook(tmp_path / "m.json", wall.origin()).begin(60, USER, "")
    assert MaintenanceBook(tmp_path / "m.json", wall.origin()).now() == begun
    wall.now_s += 3600
    assert MaintenanceBook(tmp_path / "m.json", wall.origin()).now() is None
    wall.now_s = 0.0  # a clock that has lost its time
    book = MaintenanceBook(tmp_path / "m.json", wall.origin())
    assert book.now() == begun and book._ends_s - LONGEST_S <= time.monotonic()
    (tmp_path / "m.json").write_text("{")
    assert MaintenanceBook(tmp_path / "m.json", wall.origin()).now() is None
    MaintenanceBook(tmp_path / "m.json", wall.origin()).begin(60, USER, "")
    MaintenanceBook(tmp_path / "m.json", wall.origin()).end(USER)
    assert MaintenanceBook(tmp_path / "m.json", wall.origin()).now() is None


def test_no_secret_gets_into_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("rtsp://eve:gehe!m/x@10.0.0.9/live?token=abcd1234\n")
    (tmp_path / "broker-password").write_text("pässword&1\n")
    (tmp_path / "site.toml").write_text(
        'device = "d"\n[broker]\nusername = "d"\npassword_file = "broker-password"\n[[cameras]]\nname = "north"\n'
        'scene = "s.json"\nsource = { kind = "rtsp", url_file = "url" }\n'
    )
    journal = Journal(secrets_in(load_config(tmp_path / "site.toml"), tmp_path / "site.toml"))
    log = logging.getLogger("some.part")
    log.info("before it listens")
    journal.open()
    log.info("camera eve:gehe!m/x and abcd1234 and pässword&1")
    log.warning("coded %s %s", quote("pässword&1", safe=""), quote("gehe!m/x", safe=""))
    threading.Thread(target=log.error, args=("told by another thread",)).start()
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.error("%d", "a line that is written wrong stops nobody")
    journal.close()
    log.info("after it listened")
    texts = [line.text for line in journal.lines()]
    assert texts[:2] == ["camera *** and *** and ***", "coded *** ***"]
    assert "before" not in str(texts) and "after" not in str(texts)


def test_what_went_to_standard_error_goes_there_still(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    journal = Journal(())
    journal.open()
    logging.getLogger("a.part").warning("look at this")
    logging.getLogger("a.part").info("never mind")
    journal.close()
    assert capsys.readouterr().err == "look at this\n" and logging.getLogger().handlers == []
    assert [line.text for line in journal.lines()] == ["look at this", "never mind"]


def test_the_bundle_holds_what_helps_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        'device = "d"\n[[cameras]]\nname = "north"\nscene = "s.json"\n'
        'source = { kind = "rtsp", url = "rtsp://eve:gehe!m@10.0.0.9/live" }\n[[cameras]]\nname = "south"\nscene = "s.json"\n'
        "source = { kind = \"rtsp\", url = 'rtsp://eve:ver\"steckt@10.0.0.8/live' }\n"
    )
    config = load_config(tmp_path / "site.toml")
    line = LogLine(at="2026-03-02T00:00:00.000Z", level="info", name="n", text="live, by eve:gehe!m")
    secrets = secrets_in(config, tmp_path / "site.toml")
    packed = bundle(OVERVIEW, (), (), [line], (), config, {"north": b'{"camera": "north"}'}, secrets)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {"overview.json", "log.txt", "configuration.json", "versions.txt", "scenes/north.json"} <= set(texts)
    assert texts["log.txt"] == "2026-03-02T00:00:00.000Z info n: live, by ***" and "msgspec " in texts["versions.txt"]
    assert "Ngã tư" in texts["overview.json"] and "MemTotal" in texts["machine/meminfo.txt"]
    assert not any("gehe!m" in text or "steckt" in text for text in texts.values())


def test_the_doctor_says_when_nobody_can_log_in(tmp_path: Path) -> None:
    assert look_at_page(WebConfig(), tmp_path).next_step == "edge-agent web password"
    Accounts(tmp_path / "web").set_password(USER, "a long enough password")
    assert look_at_page(WebConfig(), tmp_path).said == "at 127.0.0.1:8443, reached from this machine only; users: technician"
    assert look_at_page(WebConfig(host="0.0.0.0"), tmp_path).said == "at 0.0.0.0:8443; users: technician"
