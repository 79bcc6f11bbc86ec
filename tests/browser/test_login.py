"""The way in and the way out."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in


def test_without_a_session_the_console_leads_to_the_log_in_page(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url("/login")
    expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()


def test_a_wrong_password_is_told_in_both_languages(page: Page) -> None:
    log_in(page, "not the password")
    failure = page.locator("#failure")
    expect(failure).to_have_text("Tên đăng nhập hoặc mật khẩu không đúng.")
    page.get_by_role("button", name="English").click()
    expect(failure).to_have_text("Wrong user name or password.")
    expect(page.get_by_label("User name")).to_be_visible()


def test_too_many_wrong_passwords_are_told(page: Page) -> None:
    page.goto("/login?locked=1")
    expect(page.locator("#failure")).to_contain_text("quá nhiều lần")


def test_logging_out_ends_the_session(console: Page) -> None:
    console.get_by_role("button", name="Đăng xuất").click()
    expect(console).to_have_url("/login")
    console.goto("/")
    expect(console).to_have_url("/login")


def test_a_session_that_ends_elsewhere_leads_to_the_log_in_page(console: Page, complaints: list[str]) -> None:
    console.context.clear_cookies()
    expect(console).to_have_url("/login")
    complaints.clear()  # the browser tells of the 401
