"""What an operator sees: alerts as they come, change and end, in the language of choice, by keyboard, on a phone."""

import re
import time

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from event_contract.messages import Clock, LaneMinute, LineMinute, RoadUserData
from tests.browser.running_collector import Device, RunningCollector

PHONE: ViewportSize = {"width": 390, "height": 844}
OPEN = "#open > li"
CLOSED = "#closed > li"


def test_an_alert_arrives_is_read_in_two_languages_and_ends(console: Page, device: Device) -> None:
    expect(console.locator("#no-open")).to_contain_text("Không có cảnh báo")
    device.tell_incident("wrong_way", began_s_ago=12)
    card = console.locator(OPEN)
    expect(card).to_contain_text("Xe đi ngược chiều")
    for shown in ("Khẩn cấp", "làn 1", "camera bac", "qn-ntt-01", "tin cậy 87 %", "xe máy 31 ± 2 km/h", "giây"):
        expect(card).to_contain_text(shown)
    expect(console.locator("#announcement")).to_have_text(
        "Cảnh báo mới, mức Khẩn cấp: Xe đi ngược chiều. làn 1, camera bac, qn-ntt-01"
    )
    expect(console).to_have_title("(1) Kerbwatch")
    expect(console.locator("#no-open")).to_be_hidden()

    console.get_by_role("button", name="English").click()
    for shown in ("Wrong-way driving", "Critical", "lane 1", "confidence 87%", "motorcycle 31 ± 2 km/h"):
        expect(card).to_contain_text(shown)
    expect(console.locator("#connection")).to_have_text("Live")

    device.tell_incident("wrong_way", phase="end", revision=2, ended_at="2026-03-02T00:16:02.000Z")
    expect(console.locator(CLOSED)).to_contain_text("Wrong-way driving")
    expect(card).to_have_count(0)
    expect(console.locator("#no-open")).to_contain_text("No alerts")
    expect(console).to_have_title("Kerbwatch")


def test_the_most_severe_comes_first_then_the_newest(console: Page, device: Device) -> None:
    device.tell_incident("congestion", 1, began_s_ago=10)
    device.tell_incident("stopped_vehicle", 2, began_s_ago=90)
    device.tell_incident("pedestrian", 3, began_s_ago=20)
    device.tell_incident("wrong_way", 4, began_s_ago=60)
    expect(console.locator(f"{OPEN} h3")).to_have_text(
        ["Xe đi ngược chiều", "Người đi bộ trên phần đường xe chạy", "Xe dừng trên phần đường xe chạy", "Ùn tắc giao thông"]
    )
    expect(console.locator("#counts li")).to_have_text(["1Khẩn cấp", "2Cao", "1Trung bình", "0Thấp"])


def test_an_update_changes_its_own_card_and_leaves_its_details_open(console: Page, device: Device) -> None:
    device.tell_incident("congestion", detail={"level": "slow", "queue_m": 40})
    card = console.locator(OPEN)
    expect(card).to_contain_text("mức chậm · hàng chờ 40 m")
    card.locator("summary").focus()
    console.keyboard.press("Enter")
    expect(card.locator("dl")).to_be_visible()
    device.tell_incident("congestion", phase="update", revision=2, detail={"level": "stationary", "queue_m": 120})
    expect(card).to_contain_text("mức đứng yên · hàng chờ 120 m")
    expect(card).to_have_count(1)
    expect(card.locator("dl")).to_be_visible()
    expect(card.locator("summary")).to_be_focused()


def test_what_stood_before_the_page_was_opened_is_shown_without_a_word(console: Page, device: Device) -> None:
    device.tell_incident("obstacle")
    expect(console.locator(OPEN)).to_have_count(1)
    console.reload()
    expect(console.locator(OPEN)).to_contain_text("Vật cản trên đường")
    expect(console.locator("#announcement")).to_have_text("")


def test_a_late_alert_is_marked_and_not_announced(console: Page, device: Device) -> None:
    device.tell_incident("wrong_way", began_s_ago=1900, updated_s_ago=1800)
    expect(console.locator(OPEN)).to_contain_text("Đến muộn")
    expect(console.locator("#announcement")).to_have_text("")


ENDINGS = (
    ("unobserved", "kết thúc do camera mất hình", "hơn một phút", "ended: camera lost sight", "no picture for more"),
    ("agent_stopped", "kết thúc do phần mềm thiết bị dừng", "được dừng", "ended: agent stopped", "was stopped"),
    ("congestion", "kết thúc do đã thành ùn tắc", "vụ ùn tắc", "ended: became a congestion", "part of a congestion"),
    ("constructor", "kết thúc do constructor", "constructor", "ended: constructor", "constructor"),  # not known here yet
    ("run_over", "kết thúc do thiết bị khởi động lại", "đã khởi động lại", "ended: agent restarted", "was started again"),
)


def test_how_an_incident_ended_is_told(console: Page, device: Device) -> None:
    device.introduce("bac")
    for number, (by, *_) in enumerate(ENDINGS):
        device.tell_incident("stopped_vehicle", number, lane=by)
        if by == "run_over":
            device.introduce("bac", run="run2")  # the collector ends it
        else:
            device.tell_incident("stopped_vehicle", number, phase="end", revision=2, lane=by, detail={"ended_by": by})
    cards = {by: console.locator(CLOSED, has_text=f"làn {by}") for by, *_ in ENDINGS}
    for by, row, detail, *_ in ENDINGS:
        expect(cards[by].locator(".when")).to_contain_text(row)
        cards[by].locator("summary").click()
        expect(cards[by].locator("dl")).to_contain_text(detail)
    console.get_by_role("button", name="English").click()
    for by, _, _, row_en, detail_en in ENDINGS:
        card = console.locator(CLOSED, has_text=f"lane {by}")
        expect(card.locator(".when")).to_contain_text(row_en)
        expect(card.locator("dl")).to_contain_text(detail_en)


def test_a_clock_that_was_not_set_is_told_and_the_collector_s_times_are_shown(console: Page, device: Device) -> None:
    since_1970_s = time.time()
    unset, now_set = (Clock(mono_s=60.0, boot="b9", synced=synced) for synced in (False, True))
    device.tell_incident("wrong_way", 1, clock=unset, began_s_ago=since_1970_s - 30, updated_s_ago=since_1970_s - 60)
    card = console.locator(OPEN)
    expect(card.locator(".remarks")).to_have_text("Đồng hồ chưa đặt")
    expect(card.locator(".duration")).to_have_text(re.compile("đã kéo dài [0-9]+ giây"))
    expect(card.locator(".when")).not_to_contain_text("01/01")  # of 1970
    card.locator("summary").click()
    expect(card.locator("dl")).to_contain_text("giờ hiển thị là giờ máy chủ nhận tin")
    expect(card.locator("dl")).not_to_contain_text("Cập nhật")
    device.tell_incident("fire", 2, clock=now_set)
    card, other = (console.locator(f"{OPEN}[data-id='qn-ntt-01/run1/{number}']") for number in (1, 2))
    expect(card.locator(".remarks")).to_have_text("Giờ đã hiệu chỉnh")
    expect(card.locator("dl")).to_contain_text("đã được hiệu chỉnh sau đó")
    console.get_by_role("button", name="English").click()
    expect(card.locator(".remarks")).to_have_text("Time corrected")
    expect(card.locator("dl")).to_contain_text("set right since")
    expect(other).to_contain_text("Fire")
    expect(other.locator(".remark")).to_have_count(0)


def test_the_box_is_drawn_where_the_incident_is(console: Page, device: Device) -> None:
    device.tell_incident("stopped_vehicle", box=(0.25, 0.5, 0.5, 1.0))
    box = console.locator(f"{OPEN} .picture .box")
    drawn = {side: float(box.get_attribute(side) or "nan") for side in ("x", "y", "width", "height")}
    assert drawn == {"x": 40, "y": 45, "width": 40, "height": 45}  # in a frame of 160 x 90


def test_what_the_road_says_is_text_never_markup(console: Page, device: Device) -> None:
    trap = "<img src=x onerror=\"document.title='taken'\">"
    device.introduce(trap)
    device.tell_incident(
        "congestion", lane=trap, camera=trap, detail={"level": trap, trap: trap}, road_users=(RoadUserData(cls=trap),)
    )
    device.tell_traffic(
        trap, (LaneMinute(lane=trap, counts={trap: 3}),), (LineMinute(line=trap, forward={trap: 3}, backward={}),)
    )
    console.reload()
    expect(console.locator(OPEN)).to_contain_text(f"làn {trap}")
    console.locator(f"{OPEN} summary").click()
    for panel in ("#traffic", "#devices", f"{OPEN} dl"):
        expect(console.locator(panel)).to_contain_text(trap)
    assert console.locator("img").count() == 1  # the mark in the header
    expect(console).to_have_title("(1) Kerbwatch")


def test_traffic_and_devices_in_words_and_numbers(console: Page, device: Device) -> None:
    device.introduce("bac", "nam")
    lane = LaneMinute(
        lane="2", counts={"car": 9, "motorcycle": 31}, mean_kmh=34.2, p85_kmh=41, speed_se_kmh=0.8, occupancy=0.18
    )
    device.tell_traffic("bac", (lane,), (LineMinute(line="c1", forward={"motorcycle": 31, "car": 8}, backward={"car": 1}),))
    console.reload()
    traffic = console.locator("#traffic")
    for shown in (
        "làn 2",
        "TB 34,2 ± 0,8 km/h",
        "V85 41 km/h",
        "31 xe máy9 ô tô con",
        "18 %",
        "Vạch đếm c1: xuôi 39 · ngược 1",
    ):
        expect(traffic).to_contain_text(shown)
    devices = console.locator("#devices")
    for shown in ("qn-ntt-01", "Trực tuyến", "camera bac, nam", "1 sự kiện"):
        expect(devices).to_contain_text(shown)
    expect(console.locator("#place")).to_have_text("Điểm qn-ntt")
    expect(console.locator("#totals")).to_contain_text("Sự kiện đã lưu1")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_phone_needs_no_sideways_scrolling(console: Page, device: Device, language: str) -> None:
    long = "lane-with-a-name-that-nobody-could-have-foreseen-when-drawing-the-page"
    device.introduce("bac", long)
    for number in range(8):
        device.tell_incident("suspected_accident", number, lane=long, detail={"note": "x" * 300})
    device.tell_traffic(
        "bac", (LaneMinute(lane=long, counts={"three_wheeler": 12345, "person": 9}, mean_kmh=34.2, occupancy=1.0),)
    )
    console.set_viewport_size(PHONE)
    console.reload()
    if language == "en":
        console.get_by_role("button", name="English").click()
    expect(console.locator(OPEN)).to_have_count(8)
    expect(console.locator("#traffic")).to_contain_text(long)
    for summary in console.locator(f"{OPEN} summary").all()[:2]:
        summary.click()
    assert console.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_choices_are_made_by_keyboard_and_remembered(console: Page) -> None:
    for name in ("Nền sáng", "English"):
        button = console.get_by_role("button", name=name)
        while not button.evaluate("button => button === document.activeElement"):
            console.keyboard.press("Tab")
        console.keyboard.press("Enter")
    console.reload()
    expect(console.locator("html")).to_have_attribute("data-theme", "light")
    expect(console.get_by_role("button", name="Dark theme")).to_be_visible()
    expect(console.locator("h2").first).to_contain_text("Open")


def test_a_lost_collector_is_said_and_what_was_missed_is_made_up_for(
    console: Page, collector: RunningCollector, complaints: list[str]
) -> None:
    collector.stop()
    expect(console.locator("#connection")).to_contain_text("Đang kết nối lại từ")
    expect(console.locator("#stale")).to_contain_text("có thể đã cũ")
    collector.start()
    device = Device(collector.mqtt_port)
    device.tell_incident("fire")
    expect(console.locator(OPEN)).to_contain_text("Cháy", timeout=40_000)
    expect(console.locator("#connection")).to_have_text("Trực tiếp")
    expect(console.locator("#stale")).to_be_hidden()
    device.close()
    complaints.clear()  # the browser tells of each refused connection


def test_nobody_says_all_is_well_before_the_alerts_are_known(console: Page) -> None:
    console.route("**/api/v1/alerts?*", lambda _route: None)  # no answer
    console.reload()
    expect(console.locator("#connection")).to_have_text("Đang kết nối")
    expect(console.locator("#devices")).to_contain_text("Chưa có thiết bị nào")
    expect(console.locator("#no-open")).to_be_hidden()
    console.unroute_all(behavior="ignoreErrors")


def test_both_languages_have_every_text(console: Page) -> None:
    keys = """async () => {
      const { TEXTS } = await import("/static/texts.js");
      const keysOf = (table) => Object.entries(table).flatMap(([key, value]) =>
        typeof value === "string" ? [value.trim() && key] : keysOf(value).map((inner) => `${key}.${inner}`));
      return [keysOf(TEXTS.vi), keysOf(TEXTS.en)];
    }"""
    vietnamese, english = console.evaluate(keys)
    assert vietnamese == english
    assert len(vietnamese) > 80
    assert "" not in vietnamese
