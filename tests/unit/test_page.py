"""The page of a running agent: what it says first, what it shows live, and that it costs nothing when nobody looks."""

import hashlib
import http.client
import io
import json
import ssl
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from edge_agent import cli
from edge_agent.app import live
from edge_agent.app.live import Agent
from edge_agent.app.page import Page, build_page
from edge_agent.app.preview import Preview
from edge_agent.config import load_config
from edge_agent.core.scene_format import MaskShape
from edge_agent.core.types import Frame
from edge_agent.web import server
from edge_agent.web.services import MOST_VIEWERS
from tests.brokers import free_port
from tests.roads import scene
from tests.unit.outbox_parts import origin
from tests.unit.running_page import PASSWORD, USER, Answer, RunningPage, running_page
from tests.unit.test_live import site_in

PATIENCE_S = 40.0


def waited(look: Callable[[], Any]) -> Any:
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    return found


class Visitor:
    """Logged in, with a browser's cookie."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._page = RunningPage(port, folder / "data" / "web", None, None, None, None, [])  # type: ignore[arg-type]
        self.cookie = self._page.cookie()

    def get(self, path: str) -> Answer:
        return self._page.ask("GET", path, cookie=self.cookie)

    def post(self, path: str, content: Any = None) -> Answer:
        return self._page.post(self.cookie, path, content)

    def watch(self, camera: str) -> tuple[http.client.HTTPSConnection, http.client.HTTPResponse]:
        connection = self._page.connect()
        connection.request("GET", f"/api/v1/live/{camera}", headers={"Cookie": self.cookie})
        return connection, connection.getresponse()


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Agent, Visitor]]:
    """Of one camera, that plays a clip; a technician has logged in to its page."""
    folder = tmp_path_factory.mktemp("site")
    site, port = site_in(folder), free_port()
    site.write_text(site.read_text() + f"[web]\nport = {port}\n")
    told = CliRunner().invoke(cli.group, ["web", "password", "--config", str(site), "--password", PASSWORD])
    assert told.output == f"{USER}: password set\n", told
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "FLUSH_S", 0.0)
        running = Agent(load_config(site), site)
        thread = threading.Thread(target=running.run)
        thread.start()
        waited(lambda: running.status.page is None)
        waited(lambda: running.status.cameras["north"].state == "live")
        visitor = Visitor(folder, port)
        yield running, visitor
        assert visitor.post("/api/v1/restart").json == {"done": "restart"}
        thread.join(PATIENCE_S)
        assert running.restart_asked and not thread.is_alive()


def test_the_overview_has_one_verdict_and_what_to_do(agent: tuple[Agent, Visitor]) -> None:
    told = waited(lambda: (one := agent[1].get("/api/v1/overview").json) and one["health"]["items"] and one)
    words = agent[1].get("/api/v1/words").json
    (camera,) = told["cameras"]
    assert (told["device"], camera["name"], camera["state"], camera["level"]) == ("d", "north", "live", "ok")
    levels = [item["level"] for item in told["health"]["items"]]
    assert told["health"]["level"] == levels[0] and levels == sorted(levels, key=["bad", "warn", "ok"].index)
    assert {"camera/north", "link", "outbox", "clock"} <= {item["id"] for item in told["health"]["items"]}
    for item in told["health"]["items"]:
        assert words["said"][item["said"]]["vi"] and words["topics"][item["id"].partition("/")[0]]["en"]
        assert (item["todo"] == "") == (item["level"] == "ok")
        assert not item["todo"] or words["todo"][item["todo"]]["vi"]
    assert told["outbox"]["max_bytes"] == 256_000_000 and told["link"]["broker"].startswith("127.0.0.1:")


def test_figures_of_the_last_day_are_there(agent: tuple[Agent, Visitor]) -> None:
    trends = waited(lambda: agent[1].get("/api/v1/trends").json["trends"])
    assert {"disk", "outbox"} <= {one["id"] for one in trends}
    assert all(point["low"] <= point["mean"] <= point["high"] for one in trends for point in one["points"])


def test_events_stand_there_newest_first_and_by_sort(agent: tuple[Agent, Visitor]) -> None:
    figures = waited(lambda: agent[1].get("/api/v1/events?event_class=telemetry").json["events"][1:])
    assert {one["kind"] for one in figures} == {"health"}
    both = agent[1].get("/api/v1/events?limit=2").json["events"]
    assert len(both) == 2 and both[0]["at"] >= both[1]["at"]
    assert agent[1].get("/api/v1/events?camera=south").json["events"] == []
    for wrong in ("limit=0", "limit=501", "limit=x", "event_class=x", "limit=1&limit=2", "other=1"):
        assert agent[1].get(f"/api/v1/events?{wrong}").status == 400, wrong


def test_what_is_done_here_goes_to_the_collector(agent: tuple[Agent, Visitor]) -> None:
    def kinds() -> list[str]:
        return [one["kind"] for one in agent[1].get("/api/v1/events?event_class=state").json["events"]]

    begun = agent[1].post("/api/v1/maintenance", {"minutes": 5, "reason": "lens"}).json["maintenance"]
    assert agent[1].get("/api/v1/overview").json["maintenance"] == begun
    agent[1].post("/api/v1/test-event")
    waited(lambda: {"maintenance", "device_test"} <= set(kinds()))
    agent[1].post("/api/v1/maintenance/end")
    waited(lambda: kinds().count("maintenance") == 2)
    assert agent[1].get("/api/v1/overview").json["maintenance"] is None


def test_the_bundle_of_a_running_agent_holds_no_picture_and_no_password(agent: tuple[Agent, Visitor]) -> None:
    with zipfile.ZipFile(io.BytesIO(agent[1].get("/api/v1/diagnostics").body)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert {"overview.json", "log.txt", "trends.json", "scenes/north.json"} <= set(content)
    for secret in (b"argon2", b"PRIVATE KEY", PASSWORD.encode(), agent[1].cookie.partition("=")[2].encode(), b"\xff\xd8\xff"):
        assert not any(secret in text for text in content.values()), secret


def test_there_is_a_bundle_of_a_device_whose_card_is_spoiled(agent: tuple[Agent, Visitor]) -> None:
    scene_file = agent[1].folder / "scene.json"
    away = scene_file.rename(scene_file.with_suffix(".away"))
    packed = agent[1].get("/api/v1/diagnostics")
    away.rename(scene_file)
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        assert archive.read("scenes/north.json") == b"No such file or directory"


def test_the_live_picture_moves_and_costs_nothing_when_nobody_looks(agent: tuple[Agent, Visitor]) -> None:
    page = agent[0]._page
    assert isinstance(page, Page)
    preview = page._preview
    assert preview._seen == {}
    viewers = [agent[1].watch("north") for _ in range(MOST_VIEWERS)]
    pictures = [next_picture(viewers[0][1]) for _ in range(2)]
    assert pictures[0] != pictures[1]
    shown = cv2.imdecode(np.frombuffer(pictures[0], np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None and shown.shape[1] == 960
    assert agent[1].get("/api/v1/live/north").status == 503
    assert agent[1].get("/api/v1/live/south").status == 404
    for connection, answer in viewers:
        answer.close()
        connection.close()
    waited(lambda: preview._viewers.total() == 0)
    assert waited(lambda: preview._seen == {} and preview._shots == {})


def next_picture(stream: http.client.HTTPResponse) -> bytes:
    length = 0
    while (line := stream.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    picture = stream.read(length)
    stream.readline()
    return picture


def test_a_page_that_hangs_starves_the_watchdog(agent: tuple[Agent, Visitor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BEAT_WITHIN_S", 1.2 * server.BEAT_EVERY_S)
    vitals, page, let_go = agent[0]._vitals, agent[0]._page, threading.Event()
    waited(lambda: vitals.overdue() == ())
    assert isinstance(page, Page) and page._server._loop is not None
    page._server._loop.call_soon_threadsafe(let_go.wait)
    waited(lambda: vitals.overdue() == ("page",))
    let_go.set()
    waited(lambda: vitals.overdue() == ())


def test_a_picture_ends_with_the_session(tmp_path: Path) -> None:
    with running_page(tmp_path) as page:
        cookie = page.cookie()
        connection = page.connect()
        connection.request("GET", "/api/v1/live/north", headers={"Cookie": cookie})
        stream = connection.getresponse()
        assert next_picture(stream).startswith(b"\xff\xd8")
        page.accounts.set_password(USER, PASSWORD + "2")
        while stream.read(64):
            pass
        waited(lambda: page.viewers.joined == 0)
        connection.close()


def test_private_masks_are_black_where_the_picture_has_them_now(agent: tuple[Agent, Visitor]) -> None:
    eye = agent[0]._eyes["north"]
    hidden = MaskShape("m", ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)), private=True)
    file = msgspec.structs.replace(scene(), masks=(hidden,))
    preview = Preview({"north": file})
    frame = Frame("north", 7, 0.0, np.full((240, 320, 3), 200, np.uint8))
    preview.keep(eye, frame)
    assert preview.shot("north", -1) is None  # nobody looks
    assert preview.join("north")
    preview.keep(eye, frame)
    shot = preview.shot("north", -1)
    assert shot is not None and preview.shot("north", 7) is None
    shown = cv2.imdecode(np.frombuffer(shot.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown[100:200, 20:120].mean() < 12 and shown[100:200, 700:900].mean() > 150
    preview.leave("north")
    assert preview.shot("north", -1) is None


def test_the_page_is_found_by_its_administrator(agent: tuple[Agent, Visitor], tmp_path: Path) -> None:
    site = site_in(tmp_path)
    refused = CliRunner().invoke(cli.group, ["web", "show", "--config", str(site)])
    assert "there is no [web]" in str(refused.exception)
    site.write_text(site.read_text() + "[web]\n")
    shown = json.loads(CliRunner().invoke(cli.group, ["web", "show", "--config", str(site), "--json"]).output)
    assert (shown["address"], shown["listens"], shown["users"]) == ("https://d.local:8443/", "127.0.0.1:8443", [])
    pem = (tmp_path / "data" / "web" / "page.pem").read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :])
    assert shown["fingerprint"].replace(":", "").lower() == hashlib.sha256(der).hexdigest()


def test_a_certificate_that_a_card_has_spoiled_is_said_and_the_watch_goes_on(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    site.write_text(site.read_text() + "[web]\n")
    (tmp_path / "data" / "web").mkdir(parents=True)
    (tmp_path / "data" / "web" / "page.pem").write_bytes(b"\0" * 700)
    page = build_page(load_config(site), site, origin(), {"north": scene()}, (416, 416))
    assert page.problem is not None and "page.pem: no certificate with its key" in page.problem and page.beat is None


def test_a_port_that_is_taken_is_said_and_the_watch_goes_on(agent: tuple[Agent, Visitor], tmp_path: Path) -> None:
    taken = agent[1]._page.port
    site = site_in(tmp_path)
    site.write_text(site.read_text() + f"[web]\nport = {taken}\n")
    second = Agent(load_config(site), site)
    thread = threading.Thread(target=second.run)
    thread.start()
    waited(lambda: "in use" in str(second.status.page))
    waited(lambda: second.status.cameras["north"].frames > 3)
    second.stop()
    thread.join(PATIENCE_S)
