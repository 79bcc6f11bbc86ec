"""Whatever somebody sends to the device's page, it is never the server that fails."""

import http.client
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_agent.app.scene_desk import SceneDesk
from edge_agent.sources.pipe import Polygon
from edge_agent.web.access import access_of
from edge_agent.web.application import all_routes
from edge_agent.web.drawn import SceneDeeds
from tests.unit.running_page import RunningPage, running_page
from tests.unit.test_page_access import example
from tests.unit.test_page_scenes import INPUT_PX, sha256, text_of

ROUTES = [(one.method, one.path) for one in all_routes() if access_of(one.handler) is not None]
QUERIES = (
    "",
    "?limit=99999999999999999999999", "?limit=1e3", "?limit=-1", "?limit=%00", "?text=%ff%fe", "?text=%F0%9F",
    "?level=null", "?turn=null", "?event_class=", "?camera=%00", "?=", "?&&", "?limit", "?limit=1&limit=1", "?turn=1e400",
    "?text=" + "x" * 5000,
)  # fmt: skip
BODIES = (
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 50_000, b'{"a":' * 20_000, b'{"minutes": 1e400}',
    b'{"minutes": NaN}',
    b'{"minutes": 99999999999999999999999999}', b'{"minutes": 5, "reason": "\\ud800"}', b'{"minutes": 5, "reason": "\\u0000"}',
    b'{"scene": {}}', b'{"scene": []}', b'{"scene": null, "base": null}', b'{"scene": {"lanes": [[]]}}', b"x" * 200_000,
    b'{"scene": {"camera": "\\ud83d", "ref_resolution": [640, 360], "lanes": []}}',
    b'{"scene": {"camera": "n", "ref_resolution": [640, 360], "lanes": [], "calibration": {"pairs": ['
    b'{"image": [0, 0], "road_m": [1e300, 0]}, {"image": [1, 0], "road_m": [0, 1e300]}, {"image": [1, 1], '
    b'"road_m": [-1e300, 5]}, {"image": [0, 1], "road_m": [7, -1e300]}]}}}',
    b'{"size_px": [640, 360], "left": [[0, 0], [0, 0]], "right": [[0, 0], [0, 0]], "dashes": [[0, 0], [0, 0], [0, 0]],'
    b' "width_m": 3, "cycle_m": 12}',
    b'{"size_px": [640, 360], "left": [[0.1, 1], [0.4, 0.2]], "right": [[0.9, 1], [0.6, 0.2]],'
    b' "dashes": [[0.9, 1], [0.9, 1], [0.9, 1]], "width_m": 3, "cycle_m": 12}',
)  # fmt: skip
PATHS = (
    "/%00", "//", "/static/%00", "/static/%2e%2e%2faccounts.json", "/static//etc/passwd", "/static/" + "x" * 300,
    "/api/v1/live/%00",
    "/api/v1/scenes/%2e%2e", "/api/v1/scenes/north/versions/999999999", "/api/v1/scenes/north/versions/0", "/login/..", "/%ff",
    "/*",
)  # fmt: skip
ODD = {
    "Host": ("[", "", "\xff", "a b", "127.0.0.1:x"),
    "Origin": ("https://[", "null", "x", "https://127.0.0.1:99999999"),
    "Content-Type": ("application/json; charset=nonsense", "multipart/form-data", "x", "text/plain; charset=utf-7"),
    "X-CSRF-Token": ("\xff", "", "x" * 5000),
    "Cookie": ("__Host-kerbwatch=\xff", "__Host-kerbwatch", "a=b; ; =", "__Host-kerbwatch=" + "x" * 5000),
    "Range": ("bytes=5-1", "bytes=-", "x"),
    "If-Modified-Since": ("x",),
}


@contextmanager
def page_with_a_scene(folder: Path) -> Iterator[RunningPage]:
    """Of the camera that every path of `example` names."""
    (folder / "north.json").write_bytes(text_of())

    def still(camera: str, masks: Sequence[Polygon] = ()) -> bytes | None:
        return {"nobody": b"\xff\xd8"}[camera]

    files, runs = {"nobody": folder / "north.json"}, {"nobody": sha256(text_of())}
    desk = SceneDesk(files, runs, folder / "scenes", INPUT_PX, still)
    scenes = SceneDeeds(desk.read, desk.version, desk.check, desk.save, desk.lane, still, desk.then)
    with running_page(folder / "web", scenes=scenes) as running:
        yield running


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    with page_with_a_scene(tmp_path_factory.mktemp("odd")) as running:
        yield running


def requests(cookie: str, token: str) -> Iterator[tuple[str, str, bytes | None, dict[str, str]]]:
    known = {"Cookie": cookie, "X-CSRF-Token": token, "Content-Type": "application/json"}
    for (method, path), query in itertools.product([one for one in ROUTES if one[0] == "GET"], QUERIES):
        yield method, example(path) + query, None, known
    for (method, path), body in itertools.product([one for one in ROUTES if one[0] == "POST" and "log" not in one[1]], BODIES):
        yield method, example(path), body, known
    for path in PATHS:
        yield "GET", path, None, known
        yield "GET", path, None, {}
    for name, values in ODD.items():
        for value in values:
            yield "GET", "/api/v1/me", None, known | {name: value}
            yield "GET", "/static/app.js", None, known | {name: value}
            yield "POST", "/api/v1/maintenance", b'{"minutes": 5}', known | {name: value}
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "QUERY"):
        yield method, "/api/v1/maintenance", b"", known


def test_no_request_is_the_servers_fault(page: RunningPage) -> None:
    cookie = page.cookie()
    token = page.csrf(cookie)
    connection = page.connect()
    faults, every = [], list(requests(cookie, token))
    for method, path, body, headers in every:
        try:
            connection.putrequest(method, path, skip_host="Host" in headers)
            for name, value in {**headers, "Content-Length": str(len(body or b""))}.items():
                connection.putheader(name, value.encode("latin-1"))
            connection.endheaders(body)
            answer = connection.getresponse()
            answer.read()
        except (http.client.HTTPException, ConnectionError, ValueError):  # it hung up, or the client itself refuses to send it
            connection.close()
            connection = page.connect()
            continue
        if answer.status >= 500:
            faults.append((method, path[:60], (body or b"")[:60], headers, answer.status))
    assert len(every) > 300
    assert faults == []
    assert page.ask("GET", "/api/v1/me", cookie=cookie).status == 200
