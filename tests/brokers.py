"""Real brokers for tests: Debian's mosquitto, and the one embedded in the collector."""

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def free_port() -> int:
    """One that connections never leave from, so that it is still free when a server stops there and comes back."""
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextmanager
def mosquitto(tmp_path: Path, port: int, settings: str = "allow_anonymous true\n") -> Iterator[subprocess.Popen[bytes]]:
    """A mosquitto on 127.0.0.1 that listens when the block begins; the process may be killed inside the block."""
    config = tmp_path / f"mosquitto-{port}.conf"
    config.write_text(f"listener {port} 127.0.0.1\npersistence false\n{settings}")
    with mosquitto_of(config, port) as process:
        yield process


@contextmanager
def mosquitto_of(config: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The same with a configuration that is there already; its log lies beside it."""
    if not Path(MOSQUITTO).exists():
        pytest.fail("mosquitto is missing: apt-get install mosquitto")
    with config.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stdout=log, stderr=log)
    try:
        wait_for_port(port, process)
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def embedded(tmp_path: Path, port: int) -> Iterator[object]:
    """The collector's embedded broker."""
    from collector.broker.embedded import EmbeddedBroker

    failures: list[str] = []
    broker = EmbeddedBroker(tmp_path, port, failures.append)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
    assert failures == []


def wait_for_port(port: int, process: subprocess.Popen[bytes], patience_s: float = 20) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port} after {patience_s} s")


def wait_until(holds: Callable[[], bool], patience_s: float, complaint: str) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{complaint} after {patience_s:.0f} s")
        time.sleep(0.05)
