"""Chromium, driven for real, in front of a real collector. Debian's `chromium` is used, no browser is downloaded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.running_collector import PASSWORD, Device, RunningCollector

# Nothing of the browser's own reaches for the network.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--autoplay-policy=document-user-activation-required"]
PATIENCE_MS = 15_000
WALL: ViewportSize = {"width": 1920, "height": 1080}
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")  # no longer: while it lives, its event loop occupies the tests' thread
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        message = "no chromium here: apt-get install chromium"
        if os.environ.get("REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    running = RunningCollector(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def device(collector: RunningCollector) -> Iterator[Device]:
    talking = Device(collector.mqtt_port)
    yield talking
    talking.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of; a test that expects some empties it."""
    return []


@pytest.fixture
def page(chromium: Browser, collector: RunningCollector, complaints: list[str]) -> Iterator[Page]:
    """A tab on the log-in page. The test fails when the console or the page itself reported an error."""
    context = chromium.new_context(base_url=collector.url, viewport=WALL, timezone_id="Asia/Ho_Chi_Minh", color_scheme="dark")
    context.set_default_timeout(PATIENCE_MS)
    tab = context.new_page()
    tab.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto("/login")
    yield tab
    context.close()
    assert complaints == []


@pytest.fixture
def console(page: Page) -> Page:
    """The console, logged in and live."""
    log_in(page)
    page.locator("#connection.live").wait_for()
    return page


def log_in(page: Page, password: str = PASSWORD, user: str = "operator") -> None:
    page.locator("#username").fill(user)
    page.locator("#password").fill(password)
    page.keyboard.press("Enter")
