"""The broker and the collector that a swarm starts for itself, on free ports of this machine; both may be killed."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from collector.broker_config import CONF, Mosquitto, render
from edge_agent.core.failure import Failure

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 30.0
OF_TLS = ("listener", "cafile", "certfile", "keyfile", "require_", "use_", "allow_", "acl_file", "tls_", "ciphers")


class CannotStart(Failure):
    """A program is missing or does not come up."""


class Program:
    """A child process that listens on `port`; what it says goes to a log beside its files."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self._command, self.port, self._log = command, port, log
        self.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Listening when it returns."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + READY_WITHIN_S
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said = self._log.read_text(errors="replace").strip()[-500:]
                raise CannotStart(f"{self._command[0]} does not come up on port {self.port}: {said}")
            time.sleep(0.02)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()


def mosquitto(folder: Path) -> Program:
    """With the limits of the configuration that is shipped, without its certificates and access rules."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise CannotStart("mosquitto: is not there; on Debian: apt-get install mosquitto, or name a broker with --broker")
    port = free_port()
    shipped = next(text for path, text in render(Mosquitto(folder)).items() if path.name == CONF)
    limits = [line for line in shipped.splitlines() if not line.startswith(OF_TLS)]
    conf = folder / CONF
    conf.write_text("\n".join([f"listener {port} 127.0.0.1", *limits, "allow_anonymous true", ""]))
    return Program([program, "-c", str(conf)], port, folder / "mosquitto.log")


def collector(folder: Path, broker: tuple[str, int]) -> Program:
    """Ready when its API listens; its link to the broker follows."""
    port, file = free_port(), folder / "collector.toml"
    file.write_text(f'[broker]\nhost = "{broker[0]}"\nport = {broker[1]}\nplaintext = true\n')
    program = str(Path(sys.executable).with_name("collector"))
    options = ["--config", str(file), "--data-dir", str(folder / "collector"), "--http-port", str(port)]
    return Program([program, "serve", *options], port, folder / "collector.log")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
