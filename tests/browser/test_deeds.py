"""An operator judges alerts by key: one key each, with a help, and what was a slip is taken back."""

from playwright.sync_api import Page, expect

from tests.browser.running_collector import Device

OPEN, CLOSED = "#open > li", "#closed > li"


def test_an_alert_is_confirmed_undone_rejected_and_told_in_both_languages(console: Page, device: Device) -> None:
    device.tell_incident("wrong_way")
    card = console.locator(OPEN)
    expect(card).to_have_count(1)
    console.keyboard.press("c")  # no alert is chosen yet
    console.keyboard.press("j")
    expect(card).to_be_focused()
    console.keyboard.press("c")
    expect(card.locator(".said")).to_have_text("Đã xác nhận: operator")
    expect(console.locator("#deed-words")).to_have_text("Đã xác nhận: Xe đi ngược chiều")
    console.keyboard.press("u")
    expect(card.locator(".said")).to_have_text("Đang mở: operator")
    expect(console.locator("#deed")).to_be_hidden()

    card.locator("summary").click()
    card.get_by_label("Lý do").fill("axe đỗ ngoài làn")  # its letters are no commands
    card.get_by_role("button", name="Báo sai").click()
    rejected = console.locator(CLOSED)
    expect(rejected.locator(".said")).to_have_text("Báo sai: operator")
    expect(card).to_have_count(0)
    expect(console.locator("#no-open")).to_be_visible()
    console.get_by_role("button", name="English").click()
    expect(rejected.locator(".said")).to_have_text("False alarm: operator")
    rejected.locator("summary").click()
    expect(rejected.locator("dl")).to_contain_text("axe đỗ ngoài làn")
    console.keyboard.press("?")
    expect(console.get_by_role("dialog", name="Keys")).to_contain_text("Acknowledge")
    console.keyboard.press("?")
    expect(console.get_by_role("dialog")).to_be_hidden()


def test_one_of_two_operators_is_told_that_the_other_was_first(
    console: Page, device: Device, complaints: list[str]
) -> None:
    device.tell_incident("obstacle")
    expect(console.locator(OPEN)).to_have_count(1)
    race = """async () => {
      const act = (deed, seq) => fetch("/api/v1/alerts/qn-ntt-01/run1/1/" + deed, {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({seq}) });
      await act("resolve", 1);
      return (await act("reject", 1)).status;
    }"""
    assert console.evaluate(race) == 409
    expect(console.locator(CLOSED)).to_contain_text("Đã xử lý")
    complaints.clear()  # the browser tells of the 409
