"""The chime: off until switched on, for new critical and high alerts only, never for late ones."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.browser.running_collector import Device

COUNT_TONES = """
  window.tones = 0;
  window.OscillatorNode = class extends OscillatorNode {
    start(at) { window.tones += 1; super.start(at); }
  };
"""
TONES_A_RING = 2
OPEN = "#open > li"


def test_nothing_sounds_until_the_operator_wants_it(page: Page, device: Device) -> None:
    console = _listened_to(page)
    device.tell_incident("wrong_way")
    expect(console.locator(OPEN)).to_have_count(1)
    assert _tones(console) == 0


def test_it_rings_for_the_severe_and_the_prompt(page: Page, device: Device) -> None:
    console = _listened_to(page)
    console.get_by_role("button", name="Âm báo: tắt").click()
    expect(console.get_by_role("button", name="Âm báo: bật")).to_be_visible()
    heard = _tones(console)
    assert heard == TONES_A_RING  # so that the operator knows it

    device.tell_incident("wrong_way", 1, began_s_ago=1900, updated_s_ago=1800)
    device.tell_incident("congestion", 2)
    expect(console.locator(OPEN)).to_have_count(2)
    assert _tones(console) == heard

    device.tell_incident("wrong_way", 3)
    expect(console.locator(OPEN)).to_have_count(3)
    assert _tones(console) == heard + TONES_A_RING

    device.tell_incident("wrong_way", 3, phase="update", revision=2, confidence=0.99)
    expect(console.locator(OPEN).first).to_contain_text("99 %")
    assert _tones(console) == heard + TONES_A_RING


def test_a_new_tab_remembers_the_wish_and_says_that_the_browser_holds_it_back(page: Page) -> None:
    console = _listened_to(page)
    console.get_by_role("button", name="Âm báo: tắt").click()
    tab = console.context.new_page()
    tab.goto("/")
    for said in ("Âm báo: bấm để bật lại", "Âm báo: bật", "Âm báo: tắt"):
        expect(tab.locator("#sound")).to_have_text(said)
        tab.locator("#sound").press("Enter")


def _listened_to(page: Page) -> Page:
    page.add_init_script(COUNT_TONES)
    page.reload()
    log_in(page)
    page.locator("#connection.live").wait_for()
    return page


def _tones(page: Page) -> int:
    return int(page.evaluate("window.tones"))
