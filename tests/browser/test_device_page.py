"""The device's own page on a phone, in front of a running agent: the way in, zones and calibration drawn with a finger,
speeds and incidents live, diagnostics; axe finds no serious fault.

DEVICE_PAGE_SHOTS=FOLDER takes a picture of every part.
"""

import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from event_contract.kinds import INCIDENT_KINDS
from tests.browser.conftest import log_in
from tests.browser.running_agent import CAMERA, FAR_M, NEAR_M, PASSWORD, USER, RunningAgent, places, true_kmh
from tests.browser.test_accessible import axe, faults

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
PARTS = {
    "now": ".verdict h2", "live": ".part-live img", "events": ".lines li", "zones": ".zones-layer text", "service": ".lines li",
}  # fmt: skip
SHOTS = os.environ.get("DEVICE_PAGE_SHOTS")
KERBS_M, DISTANCES_M = (-1.5, 5.5), (NEAR_M, 28.0, FAR_M)  # where six points were measured
LANE_M = [(2.0, NEAR_M), (2.0, FAR_M), (5.5, FAR_M), (5.5, NEAR_M)]
MIDDLE_M = [(3.75, NEAR_M), (3.75, FAR_M)]
RESTARTS_MS = 60_000
STOPPED = INCIDENT_KINDS["stopped_vehicle"]
AWAY = re.compile("Failed to load resource|ERR_CONNECTION_REFUSED")  # what a browser says while the agent restarts
__all__ = ["axe"]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    running = RunningAgent(tmp_path_factory.mktemp("agent"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def phone(chromium: Browser, agent: RunningAgent, complaints: list[str]) -> Iterator[Page]:
    """A phone on the log-in page; the test fails when the page or the browser reported an error."""
    context = chromium.new_context(
        base_url=agent.url, viewport=PHONE, timezone_id="Asia/Ho_Chi_Minh", ignore_https_errors=True, has_touch=True
    )
    tab = context.new_page()
    tab.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto("/")
    yield tab
    context.close()
    assert complaints == []


def test_the_way_in_tells_why_it_is_closed(phone: Page) -> None:
    expect(phone).to_have_url(re.compile("/login$"))
    log_in(phone, "not the password", USER)
    expect(phone.locator("#failure")).to_have_text("Tên đăng nhập hoặc mật khẩu không đúng.")
    phone.get_by_role("button", name="English").click()
    expect(phone.locator("#failure")).to_have_text("Wrong user name or password.")
    log_in(phone, PASSWORD, USER)
    expect(phone.locator(".verdict h2")).to_have_text(re.compile("The device is well|Needs an eye|Something is wrong"))
    expect(phone.locator(".checks li").filter(has_text=f"Camera {CAMERA}")).to_contain_text("sees the road")
    phone.get_by_role("button", name="Tiếng Việt").click()
    expect(phone.locator(".checks li").filter(has_text=f"Camera {CAMERA}")).to_contain_text("đang xem đường")
    phone.get_by_role("button", name="Đăng xuất").click()
    expect(phone).to_have_url(re.compile("/login$"))


def test_from_a_blank_scene_to_true_speeds_and_a_live_incident(phone: Page, complaints: list[str], axe: str) -> None:
    log_in(phone, PASSWORD, USER)
    phone.get_by_role("link", name="Vùng").tap()
    expect(phone.locator(".zones-layer text")).to_have_text("m1")
    phone.get_by_role("button", name="Phóng to").tap()
    draw_the_right_lane(phone)
    calibrate(phone)
    move_a_point_and_back(phone)
    shoot(phone, "calibrated-vi")
    assert faults(phone, axe) == []
    save_and_apply(phone)
    compare_then_and_now(phone)
    phone.get_by_role("link", name="Trực tiếp").tap()
    see_true_speeds(phone)
    assert faults(phone, axe) == []
    see_the_staged_incident(phone)
    download_diagnostics(phone)
    complaints[:] = [one for one in complaints if not AWAY.search(one)]


def draw_the_right_lane(phone: Page) -> None:
    phone.get_by_role("button", name="+ Làn").tap()
    for part in (LANE_M, MIDDLE_M):
        expect(phone.get_by_role("button", name="Xong")).to_be_disabled()
        tap(phone, part)
        phone.get_by_role("button", name="Xong").tap()
    expect(phone.get_by_role("button", name="Làn 1")).to_have_attribute("aria-pressed", "true")
    phone.get_by_role("button", name="Hoàn tác").tap()
    expect(phone.get_by_role("button", name="Làn 1")).to_have_count(0)
    phone.get_by_role("button", name="Làm lại").tap()
    expect(phone.get_by_role("button", name="Làn 1")).to_be_visible()


def calibrate(phone: Page) -> None:
    """Six points, each with the metres that were measured there."""
    measured = [(x, y) for y in DISTANCES_M for x in KERBS_M]
    phone.get_by_role("button", name="Thêm điểm").tap()
    tap(phone, measured)
    for number, (x, y) in enumerate(measured, start=1):
        for label, metres in (("mét sang phải", x), ("mét ra xa", y)):
            phone.get_by_label(f"Điểm {number}: {label}").fill(f"{metres:g}")
    phone.keyboard.press("Tab")
    expect(phone.get_by_text("có tốc độ từ 14 đến 56 m")).to_be_visible()
    expect(phone.locator(".pairs .slipped")).to_have_count(0)
    expect(phone.locator(".zones-layer .guide text", has_text="50 m")).to_be_visible()


def move_a_point_and_back(phone: Page) -> None:
    off = phone.locator(".pairs .aside").first
    measured = off.inner_text()
    phone.get_by_role("button", name="Điểm 1 của hiệu chuẩn").press("ArrowRight")
    expect(off).not_to_have_text(measured)
    phone.get_by_role("button", name="Hoàn tác").tap()
    expect(off).to_have_text(measured)


def save_and_apply(phone: Page) -> None:
    phone.get_by_role("button", name="Lưu").tap()
    expect(phone.get_by_text("Thiết bị chưa dùng bản đã lưu")).to_be_visible()
    phone.get_by_role("button", name="Áp dụng ngay").tap()
    expect(phone.get_by_text("Thiết bị đang dùng bản đã lưu.")).to_be_visible(timeout=RESTARTS_MS)
    expect(phone.get_by_text("Thiết bị chưa dùng bản đã lưu")).to_be_hidden()


def compare_then_and_now(phone: Page) -> None:
    expect(phone.get_by_text("Hình đúng chỗ như khi vẽ vùng.")).to_be_visible()
    phone.get_by_text("So sánh khi đó và bây giờ").tap()
    for name, width_px in (("Khi vẽ vùng", 320), ("Bây giờ", 640)):
        expect(phone.get_by_role("img", name=name)).to_have_js_property("naturalWidth", width_px)


def see_true_speeds(phone: Page) -> None:
    truth_kmh = true_kmh()
    phone.get_by_text("Kiểm tra tốc độ bằng xe chạy qua").tap()
    phone.get_by_label("Đã chạy (km/h)").fill(f"{truth_kmh:.0f}")
    phone.get_by_role("button", name="Bắt đầu đo").tap()
    passers = phone.locator(".part-live .lines li").filter(has_text="km/h", has_not_text="làn 1")  # somebody brakes there
    expect(passers.nth(2)).to_be_visible(timeout=40_000)
    phone.get_by_role("button", name="Dừng đo").tap()
    measured_kmh = []
    for passer in passers.all_inner_texts():
        told = re.search(r"đo được ([\d,]+) ± ([\d,]+) km/h", passer)
        assert told is not None and "%: khớp" in passer, passer
        speed_kmh, error_kmh = (float(one.replace(",", ".")) for one in told.groups())
        assert abs(speed_kmh - truth_kmh) <= error_kmh, (passer, truth_kmh)
        measured_kmh.append(speed_kmh)
    assert fmean(measured_kmh) == pytest.approx(truth_kmh, rel=0.05)


def see_the_staged_incident(phone: Page) -> None:
    """In both languages, live and among the events."""
    expect(phone.locator(".alarms li")).to_have_text(f"{STOPPED.vi} · làn 1")
    shoot(phone, "incident-vi")
    phone.get_by_role("button", name="English").click()
    expect(phone.locator(".alarms li")).to_have_text(f"{STOPPED.en} · lane 1")
    phone.get_by_role("link", name="Events").tap()
    expect(phone.locator(".lines li.new")).to_contain_text(STOPPED.en)


def download_diagnostics(phone: Page) -> None:
    phone.get_by_role("link", name="Service").tap()
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Download diagnostics").tap()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as bundle:
        assert bundle.testzip() is None
        (scene,) = (name for name in bundle.namelist() if CAMERA in name)
        assert b'"method": "pairs"' in bundle.read(scene)


def tap(phone: Page, metres: list[tuple[float, float]]) -> None:
    """With a finger, on the still, where the camera has these places of the road."""
    still = phone.locator(".zones-canvas .zones-layer")
    for x, y in places(metres):
        box = still.bounding_box()
        assert box is not None
        still.tap(position={"x": x * box["width"], "y": y * box["height"]})


def test_what_the_device_does_by_itself(phone: Page) -> None:
    def unwell(route: Route) -> None:
        told = route.fetch()
        content = told.json()
        content["health"]["measures"] |= {"frame_share": 0.5, "thinned": 70, "telemetry": False, "held": 3, "unkept": 2}
        route.fulfill(response=told, json=content)

    log_in(phone, PASSWORD, USER)
    figures = phone.locator(".part-now .panel", has_text="Thiết bị tự xử lý")
    phone.locator(".verdict h2").wait_for()
    expect(figures).to_have_count(0)
    phone.route("**/api/v1/overview", unwell)
    expect(figures.locator("dd")).to_have_text(["50 % (−70)", "3", "2"])
    shoot(phone, "measures-vi")


def test_a_picture_that_moves(phone: Page) -> None:
    log_in(phone, PASSWORD, USER)
    phone.get_by_role("link", name="Trực tiếp").click()
    picture = phone.locator(".part-live img")
    expect(picture).to_have_js_property("naturalWidth", 960)
    expect(phone.locator(".part-live p[role=status]")).to_be_empty()
    seen = picture.screenshot()
    for _ in range(50):
        if picture.screenshot() != seen:
            break
        phone.wait_for_timeout(100)
    else:
        pytest.fail("the picture stands still")


def test_no_part_has_a_serious_fault_or_is_wider_than_the_phone(phone: Page, axe: str) -> None:
    found: dict[str, list[str]] = {"login": faults(phone, axe)}
    log_in(phone, PASSWORD, USER)
    phone.locator(".verdict h2").wait_for()
    for language, theme in (("vi", "light"), ("en", "dark")):
        for name, choice in (("language", language), ("theme", theme)):
            phone.evaluate("([name, choice]) => localStorage.setItem(`kerbwatch.${name}`, choice)", [name, choice])
        phone.goto("/login")  # so that the next address loads the page anew
        for name, sign in PARTS.items():
            phone.goto(f"/#/{name}")
            expect(phone.locator(sign).first).to_be_visible()
            shoot(phone, f"{name}-{language}")
            found[f"{language} {name}"] = faults(phone, axe)
            assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (language, name)
        expect(phone.locator("html")).to_have_attribute("lang", language)
    assert {where: what for where, what in found.items() if what} == {}


def shoot(phone: Page, name: str) -> None:
    if not SHOTS:
        return
    phone.wait_for_timeout(1000)
    for where, size in (("phone", PHONE), ("desk", DESK)):
        phone.set_viewport_size(size)
        phone.wait_for_timeout(300)
        phone.screenshot(path=Path(SHOTS) / f"{name}-{where}.png", full_page=where == "desk")
    phone.set_viewport_size(PHONE)
