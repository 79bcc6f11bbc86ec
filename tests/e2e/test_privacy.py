"""Every byte that leaves a device, looked through for pictures: none by default; opted in, the one still that was asked for."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random

import pytest

from edge_agent.app import live
from edge_agent.app.live import Agent
from edge_agent.config import load_config
from edge_agent.core.outgoing import Outgoing
from event_contract import topics
from event_contract.commands import StillRequest
from event_contract.messages import IncidentData, encode
from scripts.drills.proxy import Line, Proxy
from tests.brokers import free_port, mosquitto, wait_until
from tests.drawn_drive import site, write_drive
from tests.e2e.clerk import Clerk

pytestmark = pytest.mark.chain
JPEG, JPEG_IN_TEXT = b"\xff\xd8\xff", b"/9j/4"
SIGNATURES = (
    *(JPEG, JPEG_IN_TEXT, b"\x89PNG\r\n", b"iVBORw0KGgo", b"GIF8", b"WEBPVP8", b"ftyp"),
    *(b"\0\0\1" + bytes([nal]) for nal in (0x67, 0x68, 0x65, 0x41, 0x61)),  # H.264: parameters and slices
)


def pictures(data: bytes) -> int:
    return sum(data.count(signature) for signature in SIGNATURES)


class Recorder(Proxy):
    """Keeps what passes, both ways."""

    def __init__(self, port: int) -> None:
        self.passed = bytearray()
        super().__init__(port, Random(1), Line())

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(16_384):
            self.passed += chunk
            writer.write(chunk)
            await writer.drain()


class Taking(BaseHTTPRequestHandler):
    """A collector that takes whatever is uploaded."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def uploads() -> Iterator[Recorder]:
    server = HTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Recorder(server.server_port)
    server.shutdown()
    server.server_close()


def test_the_scan_finds_pictures() -> None:
    assert pictures(b"{}" + JPEG) == pictures(b'{"a": "/9j/4AAQ"}') == pictures(b"\0\0\0\1\x67") == 1


@pytest.mark.parametrize("opted_in", [False, True])
def test_what_leaves_the_device(tmp_path: Path, opted_in: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FLUSH_S", 0.0)
    heard: list[Outgoing] = []

    def begun() -> list[IncidentData]:
        return [one.body for one in heard if isinstance(one.body, IncidentData)]

    port = free_port()
    with mosquitto(tmp_path, port), uploads() as web:
        mqtt, clerk = Recorder(port), Clerk(port)
        clerk.online()
        write_drive(tmp_path)
        file = site(tmp_path, f"port = {mqtt.port}", f'collector = "http://127.0.0.1:{web.port}"' if opted_in else "")
        agent = Agent(load_config(file), file)
        running = threading.Thread(target=agent.run, args=(heard.append,))
        running.start()
        try:
            wait_until(lambda: bool(begun()), 60, "nothing is recognised")
            clerk.next_event()
            assert not web.passed, "nobody asked"
            first = begun()[0]
            request = StillRequest(
                id="r1", incident=first.incident, camera="north", at=first.started_at, token="only-once", within_s=30
            )
            clerk.say(topics.command_request("kerb-1"), encode(request))
            if opted_in:
                wait_until(lambda: b'"outcome":"done"' in mqtt.passed, 30, "no still is sent")
        finally:
            agent.stop()
            running.join(60)
            clerk.close()
    assert b"wrong_way" in mqtt.passed and pictures(mqtt.passed) == 0
    assert pictures(web.passed) == web.passed.count(JPEG) == (1 if opted_in else 0)
    assert (b"Bearer only-once" in web.passed) is (b"command/request" in mqtt.passed) is opted_in, "nor does it listen"
    kept = b"".join(one.read_bytes() for one in (tmp_path / "agent").rglob("*") if one.is_file())
    assert kept and pictures(kept) == 0
