"""docs/openapi-device.json says what the page's routes declare, and no request made from it is our fault."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
import requests
import schemathesis

from edge_agent.web.access import access_of
from edge_agent.web.application import all_routes
from edge_agent.web.openapi import document
from tests.unit.running_page import RunningPage
from tests.unit.test_page_odd_requests import page_with_a_scene

OPENAPI = Path(__file__).resolve().parents[2] / "docs" / "openapi-device.json"
NO_BROKEN_PROMISE = (503,)  # said in the document
ENDLESS, LAST = "/api/v1/live/{camera}", "/logout"
EXAMPLES = 4

schema = schemathesis.openapi.from_dict(document(all_routes())).exclude(path=[ENDLESS, LAST])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    with page_with_a_scene(tmp_path_factory.mktemp("fuzzed")) as running:
        yield running


@pytest.fixture(scope="module")
def session(page: RunningPage) -> requests.Session:
    one = requests.Session()
    one.trust_env = False  # other authorities, proxies
    one.verify = str(page.folder / "page.pem")
    cookie = page.cookie()
    one.cookies.set(*cookie.split("=", 1))
    one.headers["X-CSRF-Token"] = page.csrf(cookie)
    return one


def operations() -> Iterator[tuple[str, str, Any]]:
    for path, told in document(all_routes())["paths"].items():
        yield from ((method, path, one) for method, one in told.items())


def test_the_checked_in_document_is_fresh(page: RunningPage, session: requests.Session) -> None:
    fresh = json.loads(json.dumps(document(all_routes())))
    assert json.loads(OPENAPI.read_text()) == fresh, "stale: run scripts/wire-docs"
    assert session.get(f"https://127.0.0.1:{page.port}/openapi.json", timeout=10).json() == fresh


def test_every_operation_says_who_may_ask_and_with_what() -> None:
    every = list(operations())
    assert len({told["operationId"] for _, _, told in every}) == len(every) == len(all_routes())
    for method, path, told in every:
        wanted = [] if told["x-whom"] == "anyone" else [{"session": []} | ({"token": []} if method != "get" else {})]
        assert told.get("security", [{"session": []}]) == wanted, (method, path)
        content = told["responses"].get("200", {"content": {}})["content"]
        assert content.get("application/json", {"schema": True})["schema"], f"{method} {path}: give @allow an answer"


def test_what_is_answered_is_what_was_declared(page: RunningPage, session: requests.Session) -> None:
    for route in all_routes():
        access, path = access_of(route.handler), route.path
        assert access is not None
        if route.method == "GET" and access.answer is not None and "{" not in path:
            answer = session.get(f"https://127.0.0.1:{page.port}{path}", timeout=10)
            assert answer.status_code == 200, (path, answer.text)
            msgspec.json.decode(answer.content, type=access.answer)


@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, phases=[hypothesis.Phase.generate], deadline=None, derandomize=True)
def test_no_request_is_answered_with_an_error_of_ours(
    case: schemathesis.Case, page: RunningPage, session: requests.Session
) -> None:
    try:
        answer = case.call(
            base_url=f"https://127.0.0.1:{page.port}", session=session, verify=session.verify, timeout=10,
            cookies=session.cookies.get_dict(), headers=dict(session.headers), allow_redirects=False,
        )  # fmt: skip
    except requests.exceptions.InvalidHeader:  # schemathesis' own HTTP client would not send it
        return
    assert answer.status_code != 401, "asked by a stranger: nothing was tried"
    assert answer.status_code < 500 or answer.status_code in NO_BROKEN_PROMISE, answer.text
    if answer.status_code >= 400 and "json" in answer.headers.get("Content-Type", ""):
        assert answer.json()
