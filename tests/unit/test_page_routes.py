"""Every route of the page, asked by everybody who must not: nothing is open but the log-in page and its files."""

import http.client
import time
from collections.abc import Iterator, Mapping

import pytest

from edge_agent.web.access import access_of
from edge_agent.web.application import all_routes
from edge_agent.web.guard import COOKIE
from edge_agent.web.sessions import LONGEST_S
from tests.unit.running_page import USER, RunningPage, running_page
from tests.unit.test_page_access import example

READS, WRITES = ("GET", "HEAD"), ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
PUBLIC = {(method, path) for path in ("/login", "/static/{name:.+}") for method in READS} | {("POST", "/login")}
ROUTES = {(method, one.path) for one in all_routes() for method in (READS if one.method == "GET" else (one.method,))}
CLOSED = sorted({(method, path) for _, path in ROUTES for method in READS + WRITES} - PUBLIC)
IDLE_S = 900.0


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    with running_page(tmp_path_factory.mktemp("routes"), idle_s=IDLE_S) as running:
        yield running


@pytest.fixture(scope="module")
def known(page: RunningPage) -> tuple[str, str]:
    """Cookie and token of somebody who has logged in."""
    cookie = page.cookie()
    return cookie, page.csrf(cookie)


def answered(page: RunningPage, asked: list[tuple[str, str]], **headers: str) -> dict[tuple[str, str], int]:
    """The status of each, asked on one connection."""
    connection, told = page.connect(), {}
    for method, path in asked:
        try:
            told[method, path] = status_of(connection, method, path, headers)
        except (http.client.HTTPException, ConnectionError):
            connection.close()
            told[method, path] = status_of(connection, method, path, headers)
    connection.close()
    return told


def status_of(connection: http.client.HTTPSConnection, method: str, path: str, headers: Mapping[str, str]) -> int:
    connection.request(method, example(path), headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status < 400 or method == "HEAD" or b"qn-01" not in body
    return answer.status


def sessions_that_are_over(page: RunningPage) -> dict[str, str]:
    mark, now_s = page.accounts.mark(USER), time.monotonic()
    assert mark is not None
    old = page.sessions.open(USER, mark, now_s - LONGEST_S)
    for used_s in range(0, int(LONGEST_S), int(IDLE_S / 2)):
        assert page.sessions.find(old, now_s - LONGEST_S + used_s, use=True)
    left_behind = page.cookie()
    assert page.ask("POST", "/logout", cookie=left_behind, X_CSRF_Token=page.csrf(left_behind)).status == 200
    return {
        "none": "", "guessed": f"{COOKIE}=guessed", "left": f"{COOKIE}={page.sessions.open(USER, mark, now_s - IDLE_S)}",
        "too old": f"{COOKIE}={old}", "logged out": left_behind,
        "another password": f"{COOKIE}={page.sessions.open(USER, 'the mark of the one before', now_s)}",
        "no account": f"{COOKIE}={page.sessions.open('somebody', mark, now_s)}",
    }  # fmt: skip


def test_these_are_all_routes_that_there_are(page: RunningPage) -> None:
    registered = list(page.applications[0].router.routes())
    assert len(registered) == len(ROUTES) > 40
    told = [(one, access_of(one.handler)) for one in registered]
    open_to_all = [one for one, access in told if access is None or access.whom == "anyone"]
    assert len(open_to_all) == len(PUBLIC) and PUBLIC < ROUTES


def test_nothing_is_open_without_a_session_that_goes_on(page: RunningPage) -> None:
    for which, cookie in sessions_that_are_over(page).items():
        wrong = {asked: status for asked, status in answered(page, CLOSED, Cookie=cookie).items() if status != 401}
        assert wrong == {}, which
    assert page.done == []


def test_nothing_is_changed_without_the_token_of_the_session(page: RunningPage, known: tuple[str, str]) -> None:
    cookie, token = known
    changing = [(method, path) for method, path in CLOSED if method in WRITES]
    other = page.csrf(page.cookie())
    for wrong in ({}, {"X_CSRF_Token": ""}, {"X_CSRF_Token": other}, {"X_CSRF_Token": token, "Origin": "https://evil.example"}):
        assert set(answered(page, changing, Cookie=cookie, **wrong).values()) == {403}, wrong
    assert page.done == []


def test_whoever_has_logged_in_may_look(page: RunningPage, known: tuple[str, str]) -> None:
    """Or the others prove nothing. There is no camera of the name that is asked for."""
    reading = [(method, path) for method, path in CLOSED if method in READS and (method, path) in ROUTES]
    assert set(answered(page, reading, Cookie=known[0]).values()) == {200, 404}


def test_no_name_that_is_none_of_ours_leads_anywhere(page: RunningPage, known: tuple[str, str]) -> None:
    cookie, token = known
    for host in ("evil.example", f"qn-01.local.evil.example:{page.port}", "192.168.1.1"):
        told = answered(page, sorted(ROUTES), Cookie=cookie, X_CSRF_Token=token, Host=host)
        assert set(told.values()) == {421}, host
    assert page.done == []
