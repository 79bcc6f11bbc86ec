"""One alert with all that is known of it, the map, and a list of any length: with one collector for all of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from event_contract.messages import Position
from tests.browser.running_collector import Device, RunningCollector

SETTINGS = """
[map]
roads = "roads.geojson"

[[sites]]
site = "Cầu Thị Nại"
road = "Võ Nguyên Giáp"
lon = 109.231
lat = 13.779

[[sites]]
site = "Nhơn Hội"
road = "Võ Nguyên Giáp"
lon = 109.260
lat = 13.790

[[sites]]
site = "Ghềnh Ráng"
road = "An Dương Vương"
lon = 109.208
lat = 13.748
"""
ROADS = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "An Dương Vương"},
"geometry": {"type": "LineString", "coordinates": [[109.208, 13.748], [109.214, 13.752], [109.2195, 13.756]]}}]}"""
MANY = 150
MORE_SEVERE = 4  # three of the tests before, and that there is a storm


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    folder: Path = tmp_path_factory.mktemp("console")
    (folder / "roads.geojson").write_text(ROADS)
    running = RunningCollector(folder, SETTINGS)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def bridge(collector: RunningCollector) -> Iterator[Device]:
    device = Device(collector.mqtt_port, "qn-cau", "Cầu Thị Nại")
    device.introduce("bac")
    yield device
    device.close()


def test_an_alert_has_a_page_with_what_became_of_it_and_what_else_happened(console: Page, bridge: Device) -> None:
    bridge.tell_incident("suspected_accident", 1, began_s_ago=40)
    bridge.tell_incident("congestion", 2, began_s_ago=30, detail={"level": "queuing", "queue_m": 80})
    bridge.tell_incident("pedestrian", 3, lane="3", began_s_ago=300)
    console.get_by_role("link", name="Nghi có tai nạn giao thông").click()
    page = console.locator("#page")
    expect(page.locator(".head h2")).to_have_text("Nghi có tai nạn giao thông")
    for shown in ("làn 1 · camera bac · qn-cau · Cầu Thị Nại", "mở · thiết bị", "Trực tuyến"):
        expect(page).to_contain_text(shown)
    expect(page.locator(".others").first).to_contain_text("Ùn tắc giao thông")  # it belongs to the crash
    expect(page.locator(".others").last).to_contain_text("Người đi bộ")

    page.get_by_label("Lý do").fill("thấy trên camera")
    page.get_by_label("Lý do").press("Tab")
    console.keyboard.press("c")
    newest = page.locator(".timeline li").first
    expect(newest).to_contain_text("xác nhận · operator")
    expect(newest.locator("q")).to_have_text("thấy trên camera")
    console.get_by_role("button", name="English").click()
    expect(newest).to_contain_text("confirmed · operator")
    bridge.tell_incident("suspected_accident", 1, phase="update", revision=2, confidence=0.97)
    expect(newest).to_contain_text("updated · device")  # by itself
    expect(page).to_contain_text("confidence 97%")
    page.get_by_role("link", name="Congestion").click()
    expect(page.locator(".head h2")).to_have_text("Congestion")
    console.go_back()
    expect(page.locator(".head h2")).to_have_text("Suspected accident")


def test_an_alert_that_is_none_is_said_to_be_none(console: Page, complaints: list[str]) -> None:
    console.goto("/#/alerts/nobody/run/1")
    expect(console.locator("#page")).to_contain_text("Không có cảnh báo này")
    complaints.clear()  # the browser tells of the 404


def test_the_map_shows_what_stands_where_and_asks_nobody_else(
    console: Page, collector: RunningCollector, bridge: Device
) -> None:
    asked: list[str] = []
    console.on("request", lambda request: asked.append(request.url))
    console.get_by_role("link", name="Bản đồ").click()
    expect(console.locator(".map .site")).to_have_text(["Cầu Thị Nại", "Nhơn Hội", "Ghềnh Ráng"])
    expect(console.locator(".site.online")).to_have_text(["Cầu Thị Nại"])
    expect(console.locator("path.road")).to_have_count(2)
    expect(console.locator("path.road.straight")).to_have_count(1)  # the file has the course of the other one
    bridge.tell_incident("wrong_way", 11, position=Position(109.2085, 13.7485))
    pin = console.get_by_role("button", name="Khẩn cấp: Xe đi ngược chiều")
    expect(pin).to_be_visible()
    pin.press("Enter")
    console.locator(".leaflet-popup").get_by_role("link", name="Xe đi ngược chiều").click()
    expect(console.locator("#page .head h2")).to_have_text("Xe đi ngược chiều")
    console.go_back()
    expect(pin).to_be_visible()
    bridge.tell_incident("wrong_way", 11, phase="end", revision=2)
    expect(pin).to_have_count(0)
    assert [url for url in asked if not url.startswith(collector.url)] == []


def test_of_many_alerts_those_in_sight_are_drawn_and_every_key_works(console: Page, bridge: Device) -> None:
    for number in range(100, 100 + MANY):
        bridge.tell_incident("slow_vehicle", number, lane=str(number), began_s_ago=number - 90)
    console.goto("/#/alerts")
    lines = console.locator("#open > li")
    expect(lines.first).to_have_attribute("aria-setsize", str(MANY + MORE_SEVERE))
    assert lines.count() < 60
    for _ in range(MORE_SEVERE + 1):
        console.keyboard.press("j")
    chosen = console.locator("#open > li:focus")
    expect(chosen).to_contain_text("làn 100,")
    console.keyboard.press("a")
    expect(chosen.locator(".said")).to_have_text("Đã tiếp nhận: operator")
    for width in (1000, 1280):
        console.set_viewport_size({"width": width, "height": 720})
        expect(lines.first).to_have_attribute("aria-setsize", str(MANY + MORE_SEVERE))
        expect(chosen).to_contain_text("làn 100,")  # the choice outlives a turned phone
    console.locator("section.alerts").evaluate("list => { list.scrollTop = 1e6; }")
    expect(console.locator("#open > li", has_text=f"làn {99 + MANY},")).to_be_visible()
    console.locator("#open > li", has_text=f"làn {99 + MANY},").focus()
    console.keyboard.press("x")
    expect(console.locator("#closed > li").first).to_contain_text(f"làn {99 + MANY}")
    expect(chosen).to_contain_text(f"làn {98 + MANY},")  # the next one is chosen
    console.keyboard.press("Enter")
    expect(console.locator("#page .head h2")).to_have_text("Xe chạy quá chậm")


def test_a_wall_screen_shows_alerts_and_nothing_else(console: Page) -> None:
    size = console.locator("#connection").evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    console.get_by_role("button", name="Màn hình lớn").click()
    in_one_row = "header => header.clientHeight < 1.7 * Math.max(...[...header.children].map((part) => part.offsetHeight))"
    assert console.locator("header").evaluate(in_one_row)
    expect(console.locator("aside")).to_be_hidden()
    assert console.locator("#connection").evaluate("element => parseFloat(getComputedStyle(element).fontSize)") > 1.2 * size
    console.reload()
    expect(console.get_by_role("button", name="Cỡ chữ thường")).to_be_visible()
    expect(console.locator("aside")).to_be_hidden()
