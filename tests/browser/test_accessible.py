"""axe-core finds no serious fault on any page, in either language: Vietnamese in the dark, English in the light."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from event_contract.messages import LaneMinute, Position, RoadUserData
from tests.browser.conftest import WALL, log_in
from tests.browser.running_collector import Device, RunningCollector

AXE = Path(__file__).resolve().parents[2] / ".venv" / "axe-core" / "axe.min.js"
PAGES = {  # with what is there when they are drawn
    "alerts": "#devices li",
    "alerts/qn-ntt-01/run1/1": ".others li",
    "map": ".pin",
    "traffic": "#page figure",
    "devices": "#page a[href*='devices/']",
    "devices/qn-ntt-01": "#page h3",
    "scorecard": "#page table",
    "silences": "#page form",
    "shift": "#page form",
    "users": "#page table",
}
SITES = '[[sites]]\nsite = "qn-ntt"\nroad = "Nguyễn Tất Thành"\nlon = 109.219\nlat = 13.77\n'
SERIOUS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).slice(0, 3)}`);
}"""


@pytest.fixture
def axe() -> str:
    if not AXE.exists():
        message = f"{AXE} is not there: python scripts/vendor.py axe-core --into .venv/axe-core"
        if os.environ.get("REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return AXE.read_text()


def test_no_page_has_a_serious_fault(chromium: Browser, tmp_path: Path, axe: str) -> None:
    collector = RunningCollector(tmp_path, SITES)
    collector.start()
    device = Device(collector.mqtt_port)
    tell_some_of_everything(device)
    found: dict[str, Any] = {}
    themes: dict[str, Literal["dark", "light"]] = {"vi": "dark", "en": "light"}
    for language, theme in themes.items():
        context = chromium.new_context(base_url=collector.url, viewport=WALL, color_scheme=theme)
        page = context.new_page()
        page.goto("/login")
        page.evaluate("language => localStorage.setItem('kerbwatch.language', language)", language)
        page.reload()
        found |= {f"{language} login": faults(page, axe)}
        log_in(page)
        page.locator("#connection.live").wait_for()
        for name, sign in PAGES.items():
            page.goto(f"/#/{name}")
            expect(page.locator(sign).first).to_be_visible()
            found |= {f"{language} {name}": faults(page, axe)}
        expect(page.locator("html")).to_have_attribute("lang", language)
        context.close()
    device.close()
    collector.stop()
    assert {where: what for where, what in found.items() if what} == {}


def tell_some_of_everything(device: Device) -> None:
    device.introduce("bac", "nam")
    device.tell_incident("suspected_accident", 1, position=Position(109.2191, 13.7701))
    device.tell_incident("congestion", 2, detail={"level": "slow", "queue_m": 40})
    device.tell_incident("obstacle", 3, began_s_ago=1900, updated_s_ago=1800)
    device.tell_incident("speeding", 4, road_users=(RoadUserData(cls="car", speed_kmh=91.0, speed_se_kmh=2.0),))
    device.tell_incident("stopped_vehicle", 5)
    device.tell_incident("stopped_vehicle", 5, phase="end", revision=2)
    device.tell_traffic("bac", (LaneMinute(lane="1", counts={"motorcycle": 31, "car": 9}, mean_kmh=34.2, occupancy=0.7),))


def faults(page: Page, axe: str) -> list[str]:
    page.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}")
    told: list[str] = page.evaluate(SERIOUS)
    return told
