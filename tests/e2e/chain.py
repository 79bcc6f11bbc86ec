"""Agent, broker and collector as real processes that can be killed and started again."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.brokers import MOSQUITTO, free_port

ROOT = Path(__file__).resolve().parents[2]
COLLECTOR = Path(sys.executable).with_name("collector")
READY_WITHIN_S = 30.0


class Chain:
    """`embedded` puts the broker inside the collector. Everything lies below `folder`; logs are named after the process."""

    def __init__(self, folder: Path, *, embedded: bool, rate: float = 100) -> None:
        self.folder = folder
        self.mqtt_port, self.http_port = free_port(), free_port()
        self.outbox = folder / "agent" / "outbox.db"
        mosquitto = folder / "mosquitto.conf"
        mosquitto.write_text(f"listener {self.mqtt_port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        serve: list[str | Path] = [COLLECTOR, "serve", "--data-dir", folder / "collector"]
        serve += ["--http-port", str(self.http_port), "--mqtt-port", str(self.mqtt_port)]
        driver = [sys.executable, "-m", "tests.e2e.agent_driver", folder / "agent", str(self.mqtt_port), str(rate)]
        self._commands: dict[str, list[str | Path]] = {"collector": serve, "agent": driver}
        if embedded:
            serve.append("--embedded-broker")
        else:
            self._commands = {"broker": [MOSQUITTO, "-c", mosquitto], **self._commands}
        self._embedded = embedded
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(self._commands[name], cwd=ROOT, stdout=log, stderr=log)

    def start_all(self) -> None:
        for name in self._commands:
            self.start(name)

    def kill(self, name: str) -> None:
        """-9, then start again. The embedded broker is the collector's child, and the collector's to start again."""
        if name == "broker" and self._embedded:
            for pid in children(self.processes["collector"].pid):
                subprocess.run(["kill", "-9", pid], check=False, capture_output=True)
            return
        self.processes[name].kill()
        self.processes[name].wait()
        self.start(name)

    def stop_all(self) -> None:
        for process in self.processes.values():
            process.kill() if process.args != self._commands.get("collector") else process.terminate()
        for process in self.processes.values():
            process.wait(30)

    def get(self, path: str) -> Any:
        token = (self.folder / "collector" / "api-token").read_text().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def streams(self) -> list[dict[str, Any]]:
        """What the store holds; waits for a collector that is just starting."""
        found: list[list[dict[str, Any]]] = []

        def ask() -> bool:
            try:
                found.append(self.get("/api/v1/streams")["streams"])
            except (OSError, urllib.error.URLError):
                return False
            return True

        wait_until(ask, READY_WITHIN_S, "the collector does not answer")
        return found[-1]


@contextmanager
def running(chain: Chain) -> Iterator[Chain]:
    try:
        chain.start_all()
        yield chain
    finally:
        chain.stop_all()


def children(pid: int) -> list[str]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def wait_until(holds: Callable[[], bool], patience_s: float, complaint: str) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{complaint} after {patience_s:.0f} s")
        time.sleep(0.05)
