"""The programs of a drill: apart from the terminal, killed with -9, started again, and gone with the drill whatever ends it."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge_agent.core.failure import Failure

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 60.0
LAST_WORDS = 500  # characters
ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
POSTGRES_USER = "postgres"  # who runs it when root runs the drill: PostgreSQL refuses to be root

_LIBC = ctypes.CDLL(None)


class CannotStart(Failure):
    """A program is missing or does not come up."""


class Program:
    """A child process; with a `port` it is up when that answers. Everything it ever says goes to one log."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path, port: int | None = None, **how: Any) -> None:
        self.name, self.log, self.port = name, log, port
        self._command, self._how = command, how
        self._silent_until = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise CannotStart(f"{self.name}: not started")
        return self._process.pid

    @property
    def status(self) -> int | None:
        """None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._silent_until = log.tell()
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=ROOT, start_new_session=True, preexec_fn=_die_with_parent,
                **self._how,
            )  # fmt: skip

    def wait_until_up(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while self.port is not None and not _answers(self.port):
            if self.status is not None or time.monotonic() > until:
                raise CannotStart(f"{self.name} does not come up on port {self.port}: {self.last_words}")
            time.sleep(0.02)

    def is_up(self) -> bool:
        """Whether it has said `up` since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._silent_until)
            return b"up\n" in log.read(10_000)

    def kill(self) -> None:
        """-9, to its children, too; also to one that has ended by itself."""
        if self._process is not None:
            orphans = self.children() if self._process.poll() is None else []
            self._process.kill()
            self._process.wait()
            _kill_all(orphans)

    def kill_children(self) -> None:
        _kill_all(self.children())

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        """Ask it to end; False when it had to be killed."""
        if self._process is None:
            return True
        self._process.terminate()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    @property
    def last_words(self) -> str:
        said = self.log.read_text(errors="replace").strip() if self.log.exists() else ""
        return said[-LAST_WORDS:] or "it said nothing"


def device(folder: Path, name: str, port: int, options: Sequence[str], mutant: str | None = None) -> Program:
    """The event sink of an agent under synthetic events, `scripts.drills.device`."""
    folder.mkdir(parents=True, exist_ok=True)
    module = ["scripts.drills.mutants", mutant] if mutant else ["scripts.drills.device"]
    command = [sys.executable, "-m", *module, str(folder), "--device", name, "--port", str(port), *options]
    return Program(name, command, folder / "device.log")


def mosquitto(folder: Path, port: int) -> Program:
    """It keeps nothing; its limits are Debian's defaults."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise CannotStart("mosquitto is not there; on Debian: apt-get install mosquitto")
    conf = folder / "mosquitto.conf"
    # As root it would become another user, and with that no longer be told that the drill has died.
    conf.write_text(f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    return Program("broker", [program, "-c", conf], folder / "mosquitto.log", port)


def collector(
    folder: Path, instance: str, mqtt_port: int, settings: str = "", embedded: bool = False, mutant: str | None = None
) -> Program:
    """`settings`: lines of its configuration, tables last. Up when its API answers; its link to the broker follows."""
    folder.mkdir(parents=True, exist_ok=True)
    port, file = free_port(), folder / "collector.toml"
    file.write_text(f'instance = "{instance}"\ndata_dir = "{folder}"\n{settings}')
    program = [str(Path(sys.executable).with_name("collector"))]
    program = [sys.executable, "-m", "scripts.drills.mutants", mutant] if mutant else program
    options = ["--http-port", str(port), "--mqtt-port", str(mqtt_port), *(["--embedded-broker"] if embedded else [])]
    return Program(instance, [*program, "serve", "--config", file, *options], folder / "collector.log", port)


def postgres(folder: Path) -> tuple[Program, str]:
    """A cluster in `folder`, whose parent is the drill's, and its URL; made when there is none. Its defaults are durable."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise CannotStart("PostgreSQL is not there; on Debian: apt-get install postgresql")
    folder.mkdir(parents=True, exist_ok=True)
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = {"user": POSTGRES_USER, "group": POSTGRES_USER, "extra_groups": []}
        folder.parent.chmod(0o755)
        shutil.chown(folder, POSTGRES_USER, POSTGRES_USER)
    data, port = folder / "data", free_port()
    if not data.exists():
        roles = ["-U", "kerbwatch", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([found[-1] / "initdb", "-D", data, *roles], check=True, capture_output=True, cwd="/", **user)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=60"]
    settings.append("dynamic_shared_memory_type=mmap")  # in its data folder: what is killed cannot tidy up in /dev/shm
    options = [part for setting in settings for part in ("-c", setting)]
    program = Program("database", [found[-1] / "postgres", "-D", data, *options], folder / "postgres.log", port, **user)
    return program, f"postgresql://kerbwatch@127.0.0.1:{port}/postgres?connect_timeout=2"


def free_port() -> int:
    """One that connections never leave from, so that it is still free when a program dies there and comes back."""
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_until(holds: Callable[[], bool], within_s: float, what: str) -> None:
    """Raises CannotStart when it never comes to hold."""
    until = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > until:
            raise CannotStart(f"{what}: not within {within_s:.0f} s")
        time.sleep(0.05)


def _kill_all(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """A drill that is itself killed leaves nothing running."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
