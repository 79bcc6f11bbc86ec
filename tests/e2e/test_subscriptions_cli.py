"""`collector subscriptions` against a running collector, and a receiver that believes the public library alone."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from standardwebhooks import Webhook, WebhookVerificationError

from collector import cli
from tests.browser.running_collector import Device, RunningCollector

SETTINGS = '[webhooks]\nallow_http = true\nallowed_networks = ["127.0.0.0/8"]\n'
PATIENCE_S = 20.0


@dataclass
class Receiver:
    """`posts`: body and headers of each. It answers `status`."""

    url: str = ""
    status: int = 204
    posts: queue.Queue[tuple[bytes, dict[str, str]]] = field(default_factory=queue.Queue)

    def next(self, secret: str) -> dict[str, Any]:
        """The next message, whose signature by this secret is good. Raises WebhookVerificationError."""
        told: dict[str, Any] = Webhook(secret).verify(*self.posts.get(timeout=PATIENCE_S))
        return told


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.put((body, dict(self.headers)))
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Post) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/alerts"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    running = RunningCollector(tmp_path, SETTINGS)
    running.start()
    yield running
    running.stop()


def test_a_receiver_is_added_tried_told_given_another_secret_and_removed(collector: RunningCollector, tmp_path: Path) -> None:
    def call(*words: str) -> Result:
        where = ["--url", collector.url, "--token-file", str(tmp_path / "data" / "api-token"), "--json"]
        return CliRunner().invoke(cli.cli, ["subscriptions", *words, *where])

    def told(*words: str) -> list[dict[str, Any]]:
        result = call(*words)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.output.splitlines()]

    with receiving() as receiver:
        [made] = told("add", "ioc", receiver.url, "--kind", "wrong_way", "--least", "high")
        [listed] = told("list")
        assert (listed["name"], listed["url"], listed["kinds"]) == ("ioc", receiver.url, ["wrong_way"])
        assert made["secret"].startswith("whsec_") and made["secret"] not in json.dumps(listed)

        assert told("test", "ioc")[0]["delivered"] is True
        assert "test" in receiver.next(made["secret"])["type"]
        receiver.status = 500
        failed = call("test", "ioc")
        assert failed.exit_code == 1 and "500" in json.loads(failed.output)["outcome"]
        receiver.next(made["secret"])
        receiver.status = 204

        device = Device(collector.mqtt_port)
        device.tell_incident("stopped_vehicle", 1)  # not asked for
        device.tell_incident("wrong_way", 2)
        opened = receiver.next(made["secret"])
        assert (opened["type"], opened["data"]["kind"]) == ("alert.open", "wrong_way")

        [turned] = told("rotate", "ioc", "--overlap-h", "0")
        device.tell_incident("wrong_way", 2, phase="end", revision=2, ended_at=opened["data"]["updated_at"])
        device.close()
        post = receiver.posts.get(timeout=PATIENCE_S)
        with pytest.raises(WebhookVerificationError):
            Webhook(made["secret"]).verify(*post)
        assert Webhook(turned["secret"]).verify(*post)["data"]["state"] == "closed"
        assert {one["state"] for one in told("deliveries", "ioc")} <= {"delivered", "waiting"}

        assert told("remove", "ioc")[0]["name"] == "ioc"
        assert told("list") == []
        gone = call("test", "ioc")
        assert gone.exit_code != 0 and "ioc" in str(gone.exception or gone.output)
