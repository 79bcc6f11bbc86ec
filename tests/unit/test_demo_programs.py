"""What the demo rests on: programs that are stopped whatever happens, ports of its own, a collector that may be gone."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from scripts.demo_api import Api, NoAnswer
from scripts.demo_programs import Program, take_port


def test_how_a_program_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    with Program("edge-agent", ["config", "check", "nowhere.toml"], tmp_path / "log") as program:
        assert program.wait() == 2
        assert program.ended is not None
        assert program.ended.startswith("edge-agent ended with status 2: ") and "nowhere.toml" in program.ended


def test_leaving_stops_what_still_runs(tmp_path: Path) -> None:
    with Program("edge-agent", ["simulate", "motorway", "--out", str(tmp_path / "x"), "--seconds", "86400"]) as program:
        assert program.ended is None
    assert program.ended is not None


def test_demos_at_the_same_time_take_different_ports() -> None:
    """Nobody listens yet on the first one's: only what it says keeps the second off."""
    with ExitStack() as first, ExitStack() as second:
        port = take_port(first, 0)
        assert take_port(second, port) != port
        first.close()
        assert take_port(second, port) == port


EVENTS = [{"n": n} for n in range(3, 25, 3)]


class Pages(BaseHTTPRequestHandler):
    """A collector that never gives more than three events at once."""

    def do_GET(self) -> None:
        after = int(parse_qs(urlsplit(self.path).query)["after"][0])
        found = [event for event in EVENTS if event["n"] > after][:3]
        body = json.dumps({"events": found, "next": found[-1]["n"] if found else after}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def paging() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_all_that_is_new_comes_however_small_the_pages(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token\n")
    with paging() as url:
        api = Api(url, tmp_path / "token")
        assert list(api.new_incidents()) == EVENTS
        assert list(api.new_incidents()) == []
    with pytest.raises(NoAnswer, match=url):
        list(api.new_incidents())
