"""docs/openapi.json says what the routes declare, and no request that is made from it is answered with an error of ours."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
import requests
import schemathesis

from collector.web.access import access_of
from collector.web.openapi import document
from collector.web.server import all_routes
from event_contract import topics
from event_contract.messages import encode
from tests.unit.test_collector_web import serving
from tests.wire_messages import DEVICE, birth, event, incident, traffic_minute

OPENAPI = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
NO_BROKEN_PROMISE = (503,)  # said in the document
STREAMS = ("/api/v1/alerts/stream", "/api/v1/alerts/ws")  # they do not end
EXAMPLES = 2

ASKED = [
    (one, access)
    for one in all_routes()
    if (access := access_of(one.handler)) and one.method == "GET" and "{" not in one.path and access.answer is not None
]
QUERIES = {
    "/api/v1/traffic": ("?minutes=5", "?by=hour", "?by=day"),
    "/api/v1/roads/traffic": (),  # there is no road
    "/api/v1/events": ("", "?from=2020-01-01T00:00:00Z"),
}

schema = schemathesis.openapi.from_dict(document(all_routes())).exclude(path=list(STREAMS))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server with something of everything, and its token."""
    ready, address, ended = threading.Event(), [], asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(tmp_path_factory.mktemp("collector")) as served:
            served.put(encode(birth(1, 2)), topic=topics.status(DEVICE))
            served.put(event(incident(), 1), b"garbage")
            served.put(event(traffic_minute(), 1, stream="s2", event_class="state"), topic=topics.event(DEVICE, "state"))
            address.append((served.url, served.token))
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield address[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


def test_the_checked_in_document_is_fresh() -> None:
    fresh = json.loads(json.dumps(document(all_routes())))
    assert json.loads(OPENAPI.read_text()) == fresh, "stale: run scripts/wire-docs"


def operations() -> Iterator[tuple[str, str, Any]]:
    for path, told in document(all_routes())["paths"].items():
        yield from ((method, path, one) for method, one in told.items())


def test_every_operation_says_its_role_and_has_a_name_of_its_own() -> None:
    told = [one for _, _, one in operations()]
    assert all("x-role" in one for one in told)
    assert len({one["operationId"] for one in told}) == len(told) > 20


def test_json_that_is_answered_says_what_it_holds() -> None:
    for method, path, told in operations():
        if method != "delete" and path not in STREAMS and path not in ("/login", "/logout"):
            content = told["responses"]["200"]["content"]
            assert content.get("application/json", {"schema": True})["schema"], f"{method} {path}: give @allow an answer"


def test_what_is_answered_is_what_was_declared(site: tuple[str, str]) -> None:
    url, token = site
    addresses = {f"{one.path}{query}": access.answer for one, access in ASKED for query in QUERIES.get(one.path, ("",))}
    assert len(addresses) > 15
    for address, kind in addresses.items():
        answer = requests.get(url + address, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        if answer.status_code not in NO_BROKEN_PROMISE:
            assert answer.status_code == 200, (address, answer.text)
            msgspec.json.decode(answer.content, type=kind)


@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, phases=[hypothesis.Phase.generate], deadline=None, derandomize=True)
def test_no_request_is_answered_with_an_error_of_ours(case: schemathesis.Case, site: tuple[str, str]) -> None:
    url, token = site
    try:
        answer = case.call(base_url=url, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False)
    except requests.exceptions.InvalidHeader:  # schemathesis' own HTTP client would not send it
        return
    assert answer.status_code < 500 or answer.status_code in NO_BROKEN_PROMISE, answer.text
    if answer.status_code >= 400 and "json" in answer.headers.get("Content-Type", ""):
        assert answer.json()
