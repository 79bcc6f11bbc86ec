"""The device's own page on a phone: the way in, one verdict, a picture that moves; axe finds no serious fault."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import log_in
from tests.browser.running_agent import PASSWORD, USER, RunningAgent
from tests.browser.test_accessible import axe, faults

PHONE: ViewportSize = {"width": 390, "height": 844}
PARTS = {"now": ".verdict h2", "live": ".part-live img", "events": ".lines li", "service": ".lines li"}
SHOTS = os.environ.get("DEVICE_PAGE_SHOTS")  # a folder for pictures of every part
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
    expect(phone.locator(".checks li").filter(has_text="Camera junction")).to_contain_text("sees the road")
    phone.get_by_role("button", name="Tiếng Việt").click()
    expect(phone.locator(".checks li").filter(has_text="Camera junction")).to_contain_text("đang xem đường")
    phone.get_by_role("button", name="Đăng xuất").click()
    expect(phone).to_have_url(re.compile("/login$"))


def test_a_picture_that_moves(phone: Page) -> None:
    log_in(phone, PASSWORD, USER)
    phone.get_by_role("link", name="Trực tiếp").click()
    picture = phone.locator(".part-live img")
    expect(picture).to_have_js_property("naturalWidth", 960)
    expect(phone.locator(".part-live [role=status]")).to_be_empty()
    seen = picture.screenshot()
    phone.wait_for_function("seen => true", arg=None)
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
            if SHOTS:
                phone.wait_for_timeout(700)
                phone.screenshot(path=Path(SHOTS) / f"{name}-{language}.png")
            found[f"{language} {name}"] = faults(phone, axe)
            assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (language, name)
        expect(phone.locator("html")).to_have_attribute("lang", language)
    assert {where: what for where, what in found.items() if what} == {}
