"""The console's other pages, in front of one collector that knows a road of two days, 120 devices and people's verdicts."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect

from collector.core.alerts import Quiet
from collector.core.delivery import Received
from collector.core.reasons import REASONS
from collector.store.engines.sqlite import DATABASE, Sqlite
from collector.store.event_store import EventStore
from event_contract import topics
from event_contract.messages import (
    Body,
    DeviceStateData,
    DeviceTestData,
    HealthData,
    ItemState,
    LaneMinute,
    MachineHealth,
    MaintenanceData,
    encode,
)
from event_contract.presence import CameraBirth, Will
from event_contract.times import format_time
from tests.browser.conftest import PATIENCE_MS, log_in
from tests.browser.running_collector import RunningCollector
from tests.wire_messages import CLOCK, birth, event, incident, traffic_minute

ROAD = "Nguyễn Tất Thành"
SITES = f'[[sites]]\nsite = "qn-ntt"\nroad = "{ROAD}"\n'
DEVICE, GONE = "qn-ntt-01", "qn-away"
CROWD = 118
HOUR_S = 3600.0
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PAGES = ("traffic", "devices", f"devices/{DEVICE}", "scorecard", "silences", "shift", "users")


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    folder = tmp_path_factory.mktemp("collector")
    running = RunningCollector(folder, SITES)
    (folder / "data").mkdir()
    fill(folder / "data" / DATABASE, time.time())
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def tab(chromium: Browser, collector: RunningCollector) -> Iterator[Page]:
    """Logged in as an admin, once for all."""
    context = chromium.new_context(base_url=collector.url, timezone_id="Asia/Ho_Chi_Minh", color_scheme="light")
    context.set_default_timeout(PATIENCE_MS)
    one = context.new_page()
    one.goto("/login")
    log_in(one)
    one.locator("#navigation a").first.wait_for()
    yield one
    context.close()


@pytest.fixture
def console(tab: Page, complaints: list[str]) -> Iterator[Page]:
    """In Vietnamese, with nothing remembered, and without complaints of the browser in the end."""

    def complain(of: object) -> None:
        complaints.append(str(of))

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complain(message.text)

    tab.set_viewport_size(DESK)
    tab.on("console", hear)
    tab.on("pageerror", complain)
    yield tab
    tab.evaluate("localStorage.clear()")
    tab.goto("about:blank")
    tab.remove_listener("console", hear)
    tab.remove_listener("pageerror", complain)
    assert complaints == []


def fill(database: Path, now: float) -> None:
    """Births, a minute in each of the last three hours, alerts of two kinds, and a number that never came."""
    cameras = tuple(CameraBirth(name=name, scene_sha256="5ce4e", model="nanodet", model_sha256="0") for name in ("bac", "nam"))
    names = [DEVICE, GONE, *(f"qn-crowd-{n:03d}" for n in range(CROWD))]
    told = [(topics.status(name), encode(birth(site="qn-ntt" if name == DEVICE else "qn", cameras=cameras))) for name in names]
    told.append((topics.status(GONE), encode(Will(run="9f2c61d0", connection=1))))
    lane = LaneMinute(lane="1", counts={"motorcycle": 30, "car": 8, "truck": 2, "person": 1}, mean_kmh=32.0, speed_se_kmh=1.5)
    for seq, end in enumerate((now // HOUR_S * HOUR_S - hours * HOUR_S + 60 for hours in (3, 2, 1)), 1):
        body = traffic_minute(camera="bac", from_=format_time(end - 60), lanes=(lane,))
        message = event(body, seq, device=DEVICE, stream="state", event_class="state", at=end)
        told.append((topics.event(DEVICE, "state"), message))
    for seq, word in enumerate(self_told(now), 4):
        told.append((topics.event(DEVICE, "state"), event(word, seq, device=DEVICE, stream="state", event_class="state")))
    for n, kind in enumerate(("wrong_way", "wrong_way", "obstacle"), 2):
        message = event(incident(kind=kind, camera="bac", incident=f"r/{n}"), n, device=DEVICE)
        told.append((topics.event(DEVICE, "incident"), message))
    store = EventStore(Sqlite(database))
    store.commit([Received(topic, payload, now) for topic, payload in told])
    store.roll_up(7 * HOUR_S)
    store.close()


def self_told(now: float) -> list[Body]:
    """It is hot, somebody works there, and has tried whether that arrives."""
    hot = ItemState(id="temperature", level="bad", said="temperature.hot")
    little = ItemState(id="memory", level="warn", said="memory.little")
    figures = MachineHealth(temperature_c=81.5, throttled=True, disk_free_bytes=7_250_000_000, cpu_busy=0.93)
    return [
        DeviceStateData(run="r", level="bad", items=(hot, little), clock=CLOCK),
        MaintenanceData(run="r", until=format_time(now + HOUR_S), by="lan", reason="lau ống kính", clock=CLOCK),
        DeviceTestData(run="r", by="lan", clock=CLOCK),
        HealthData(run="r", uptime_s=60.0, frame_share=0.5, machine=figures, clock=CLOCK),
    ]


def at(console: Page, page: str) -> Page:
    console.goto(f"/#/{page}")
    return console


def test_traffic_of_a_road_by_hour_and_by_minute(console: Page) -> None:
    figures = at(console, "traffic").locator(".figures")
    for shown in ("Số xe120", "63 xe con quy đổi", "Xe máy75 %", "32 ± 2 km/h", "2.400xe/giờ"):
        expect(figures).to_contain_text(shown)
    flow = console.locator("figure").first
    flow.locator("summary").press("Enter")
    expect(flow.locator("tbody tr")).to_have_count(3)
    expect(flow.locator("tbody tr").first).to_contain_text("2.4001.800480120")
    flow.locator("summary").press("Enter")
    expect(console.get_by_text("TCVN 4054:2005")).to_contain_text("xe máy 0,3")

    console.get_by_role("button", name="English").click()
    console.get_by_label("By", exact=True).select_option("minute")
    console.get_by_label("Period", exact=True).select_option("12")
    expect(figures).to_contain_text("32 ± 2 km/h")
    expect(console.get_by_role("img", name="Mean speed, km/h: lowest 32.0")).to_be_visible()
    console.get_by_role("button", name="The period before").click()
    expect(console.get_by_text("No figures in this period.")).to_be_visible()


def test_a_road_as_a_table_for_a_spreadsheet(console: Page) -> None:
    link = at(console, "traffic").get_by_role("link", name="Tải CSV").get_attribute("href")
    table = console.evaluate("async (link) => (await fetch(link)).text()", link)
    assert len(table.splitlines()) == 4
    assert table.splitlines()[1].startswith(f"{ROAD},20") and ",30,0,8,0,2,0,1,0,40,2400,21.0," in table


def test_a_device_in_trouble_is_found_and_says_what_to_do(console: Page) -> None:
    rows = at(console, "devices").locator("tbody tr")
    expect(rows).to_have_count(100)
    expect(rows.first).to_contain_text(f"mất kết nối{GONE}")  # the worst first
    console.get_by_role("button", name="Xem thêm 20").press("Enter")
    expect(rows).to_have_count(120)
    console.get_by_label("Lọc", exact=True).fill("NTT")
    expect(rows).to_have_count(1)
    console.get_by_label("Lọc", exact=True).fill("none of them")
    expect(console.get_by_text("Không thiết bị nào khớp")).to_be_visible()
    console.get_by_label("Lọc", exact=True).fill("ntt")
    expect(rows).to_contain_text("Nhiệt độ: quá nóng")
    expect(rows).to_contain_text(re.compile(r"Bảo trì đến \d\d:\d\d · lan"))
    rows.get_by_role("link").press("Enter")
    for shown in ("thiếu bản tin", ROAD, "nanodet", "sự cố", "lau ống kính · còn", "Bộ nhớ RAM còn ít", "Nhiệt độ81,5 °C",
                  "Đang bị giảm tốccó", "Số hình được xem50 %", "Bộ nhớ còn trống7,3 GB", "Thử gửi lần cuối"):  # fmt: skip
        expect(console.locator("#page")).to_contain_text(shown)
    console.get_by_role("link", name="Lưu lượng tuyến đường này").press("Enter")
    expect(console.get_by_label("Tuyến đường")).to_have_value(ROAD)


def test_what_is_wrong_with_a_device(console: Page) -> None:
    told = """async () => {
      const { troublesOf, levelOf } = await import("/static/device_health.js");
      const well = { online: true, cameras: ["bac"], last_event_at: "2026-03-02T00:00:00Z", missing: 0, clock: "synced" };
      const wrong = [
        {}, { online: false }, { silent: true }, { cameras: [] }, { cameras: [{ state: "failed" }] },
        { cameras: [{ state: "live" }] }, { disk_full: true }, { last_event_at: null }, { missing: 1 },
        { outbox: { oldest_s: 300 } }, { outbox: { oldest_s: 301 } }, { clock: "unsynced" }, { clock_error_ms: 1000 },
        { clock_error_ms: 1001 }, { unstored: 1 }, { missing: 1, online: false }, ...[
          ["temperature", "warn"], ["temperature", "bad"], ["link", "bad"], ["camera/bac", "bad"],
        ].map(([id, level]) => ({ health: { items: [{ id, level }] } })),
      ];
      return wrong.map((change) => [levelOf({ ...well, ...change }), ...troublesOf({ ...well, ...change })].join(" "));
    }"""
    assert at(console, "devices").evaluate(told) == [
        "well", "bad offline", "bad silent", "mild cameraless", "bad camera", "well", "bad full", "mild new", "mild missing",
        "well", "mild backlog", "mild clock", "well", "mild clock", "mild unstored", "bad offline missing",
        "well", "mild unwell", "well", "bad camera",
    ]  # fmt: skip


def test_an_alert_of_a_device_in_maintenance_says_so_and_calls_when_that_is_over(console: Page) -> None:
    expect(at(console, "alerts").locator(".card", has_text="Vật cản").locator(".remark")).to_have_text("Bảo trì, không báo âm")
    calls = """async () => {
      const { Alerts } = await import("/static/alerts.js");
      const told = { id: "a", state: "open", severity: "medium", started_at: "2026-03-02T00:00:00Z", late: false };
      const all = new Alerts();
      return ["maintenance", "maintenance", null, null].map((quiet, seq) => all.merge({ ...told, quiet, seq }));
    }"""
    assert console.evaluate(calls) == [False, False, True, False]


def test_whatever_a_device_may_fail_of_has_words_in_both_languages(console: Page) -> None:
    texts = at(console, "devices").evaluate("async () => (await import('/static/texts/alerts.js')).ALERTS")
    assert all(REASONS.keys() <= texts[language]["reason"].keys() for language in ("vi", "en"))
    assert all({*get_args(Quiet)} == texts[language]["quiet"].keys() for language in ("vi", "en"))


def test_the_scorecard_counts_verdicts(console: Page) -> None:
    expect(at(console, "scorecard").get_by_text("Chưa ai xét cảnh báo nào.")).to_be_visible()
    judge = """async () => {
      for (const [n, deed] of [[2, "confirm"], [3, "reject"]])
        await fetch(`/api/v1/alerts/qn-ntt-01/r/${n}/${deed}`, { method: "POST" });
    }"""
    console.evaluate(judge)
    console.get_by_label("Khoảng").select_option("7")
    told = console.locator("tbody").first.get_by_role("row", name="Xe đi ngược chiều")
    expect(told).to_contain_text("211050 % 9–91 %480,00")


def test_a_device_is_silenced_for_maintenance_and_the_silence_ended(console: Page) -> None:
    at(console, f"silences/{DEVICE}")
    expect(console.get_by_text("Không có gì đang bị tắt báo.")).to_be_visible()
    console.get_by_label("Thiết bị").clear()
    console.get_by_label("Lý do").fill("thay camera")
    console.get_by_label("Lý do").press("Enter")
    expect(console.get_by_role("alert").filter(has_text="Hãy chọn ít nhất một")).to_be_visible()
    console.get_by_label("Thiết bị").fill(DEVICE)
    console.get_by_label("Lý do").press("Enter")
    entry = console.locator(".entry")
    expect(entry).to_contain_text(f"Đang tắt {DEVICE}")
    expect(entry).to_contain_text("thay camera · operator")
    entry.get_by_role("button", name="Báo lại ngay").press("Enter")
    expect(entry).to_have_count(0)


def test_one_shift_tells_the_next(console: Page) -> None:
    at(console, "shift").get_by_role("button", name="Chèn tình hình hiện tại").press("Enter")
    note = console.get_by_label("Ca sau cần biết gì?")
    expect(note).to_have_value(re.compile("cảnh báo đang mở\n- Xe đi ngược chiều: làn 2, camera bac"))
    note.fill("<b>Đội 2</b> đang tới")
    console.get_by_role("button", name="Giao ca").press("Enter")
    expect(console.locator(".entry")).to_contain_text("operator")
    expect(console.locator(".entry .written")).to_have_text("<b>Đội 2</b> đang tới")
    expect(note).to_have_value("")


def test_a_user_is_made_sees_no_button_that_would_be_refused_and_is_removed(console: Page, chromium: Browser) -> None:
    at(console, "users")
    form = console.locator("form", has_text="Thêm người dùng")
    form.get_by_label("Tên").fill("lan")
    form.get_by_label("Quyền").select_option("viewer")
    form.get_by_label("Tên").press("Enter")
    password = console.get_by_role("textbox", name="Mật khẩu của lan").input_value()
    console.keyboard.press("Escape")
    expect(console.get_by_role("dialog")).to_have_count(0)
    assert password and password not in console.content()

    context = chromium.new_context(base_url=console.url.partition("/#")[0])
    hers = context.new_page()
    hers.goto("/login")
    log_in(hers, password, "lan")
    hers.locator("#navigation a").first.wait_for()
    for page in ("silences", "shift"):
        expect(at(hers, page).locator("#page .empty, #page .entries").first).to_be_visible()
        assert hers.locator("#page form, #page button").count() == 0, page
    expect(at(hers, "users").get_by_text("Trang này dành cho quản trị.")).to_be_visible()
    hers.get_by_label("Mật khẩu hiện tại").fill(password)
    hers.get_by_label("Mật khẩu mới").fill("correct horse")
    assert hers.locator("#page button").count() == 1
    hers.keyboard.press("Enter")
    expect(hers).to_have_url(re.compile("/login$"))
    context.close()

    assert console.get_by_role("row", name="operator (bạn)").get_by_role("button").count() == 0  # it would log out
    row = console.get_by_role("row", name="lan")
    row.get_by_label("Quyền của lan").select_option("engineer")
    row.get_by_role("button", name="Khóa", exact=True).click()
    console.get_by_role("button", name="Đồng ý").press("Enter")
    expect(row).to_contain_text("đã khóa")
    row.get_by_role("button", name="Mở khóa").press("Enter")
    expect(row).not_to_contain_text("đã khóa")
    row.get_by_role("button", name="Gỡ bỏ").click()
    console.get_by_role("button", name="Đồng ý").press("Enter")
    expect(row).to_have_count(0)


def test_a_token_s_secret_is_shown_once_and_the_audit_log_tells_who_made_it(console: Page, complaints: list[str]) -> None:
    at(console, "users")
    expect(console.get_by_text("Chưa có mã truy cập nào.")).to_be_visible()
    form = console.locator("form", has_text="Tạo mã truy cập")
    form.get_by_label("Tên").fill("wall")
    form.get_by_label("Tên").press("Enter")
    expect(console.get_by_role("textbox", name="Mã truy cập wall")).to_have_value(re.compile("^kerbwatch_"))
    console.get_by_role("button", name="Đóng").last.press("Enter")
    form.get_by_label("Tên").fill("wall")
    form.get_by_label("Tên").press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("Hiện chưa làm được. (token wall: is there already")
    complaints.clear()  # the browser tells of the 409
    console.get_by_role("button", name="Thu hồi").press("Enter")
    console.get_by_role("button", name="Đồng ý").press("Enter")
    expect(console.get_by_text("Chưa có mã truy cập nào.")).to_be_visible()
    console.get_by_label("Khoảng").select_option("7")
    expect(console.locator("tr", has_text="revoke token")).to_contain_text("operatorrevoke tokenwallđược127.0.0.1")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_page_needs_sideways_scrolling_on_a_phone(console: Page, language: str) -> None:
    console.set_viewport_size(PHONE)
    at(console, PAGES[0])
    if language == "en":
        console.get_by_role("button", name="English").click()
    for page in PAGES:
        expect(at(console, page).locator(f".page-{page.partition('/')[0]}, .page-devices-one").first).to_be_visible()
        console.wait_for_load_state("networkidle")
        assert console.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page
