"""The demo's child programs: started apart from the terminal, stopped in order, on ports that no other demo takes."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAMS = Path(sys.executable).parent
STOP_WITHIN_S = 20.0
LAST_WORDS = 500  # characters
TRIES = 20


class Program:
    """One of the project's commands; what it says goes to `log`, or to the terminal. Leaving the context stops it.

    It gets no Ctrl-C of its own: whoever has started it stops it in order.
    """

    def __init__(self, name: str, arguments: Sequence[str], log: Path | None = None) -> None:
        self.name, self.log = name, log
        with ExitStack() as stack:
            out = None if log is None else stack.enter_context(log.open("wb"))
            self._process = subprocess.Popen([PROGRAMS / name, *arguments], stdout=out, stderr=out, start_new_session=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def ended(self) -> str | None:
        """How it came to its end, with its last words; None while it runs."""
        status = self._process.poll()
        return None if status is None else f"{self.name} ended with status {status}: {self.last_words}"

    @property
    def last_words(self) -> str:
        said = "" if self.log is None else self.log.read_text(errors="replace").strip()
        return said[-LAST_WORDS:] or "it said nothing"

    def wait(self) -> int:
        return self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and make sure; Ctrl-C meanwhile is impatience."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_WITHIN_S)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                self._process.kill()
                self._process.wait()


class Interrupts:
    """Ctrl-C and SIGTERM as KeyboardInterrupt, but never between a program's start and the note of it."""

    def __init__(self) -> None:
        self._held = self._pending = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._come)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _come(self, number: int, frame: object) -> None:
        if not self._held:
            raise KeyboardInterrupt
        self._pending = True


def take_port(stack: ExitStack, wanted: int) -> int:
    """The usual port where it is free, else any. Until `stack` is closed no other demo takes it."""
    for port in (wanted, *[0] * TRIES):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number = int(probe.getsockname()[1])
        # Between this look and the program's own bind there is a moment: demos tell one another by a name that
        # Linux keeps in memory, and drops with the process.
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0kerbwatch-demo-port-{number}")
        except OSError:
            claim.close()
            continue
        stack.enter_context(claim)
        return number
    raise SystemExit("demo: no free port on 127.0.0.1")
