"""Asking the running agent: a Unix socket in its data_dir, for its own user (and root) only.

One line of JSON in, one MessagePack document out, and the connection ends. The agent only tells; whoever asks writes the files,
with rights of his own.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge_agent.core.failure import Failure
from edge_agent.core.health.progress import Beat, at_work

NAME = "recall.sock"
TIMEOUT_S = 10.0
MAX_ASKED_BYTES = 1_000
MAX_TOLD_BYTES = 200_000_000
WITHIN_S = 60.0  # one question with its answer; who asks has TIMEOUT_S for each thing he does


class NoAgent(Failure):
    """None answers there."""


class Desk:
    """Answers one after the other from `open` to `close`. `problem` says why it cannot: the watch goes on without it."""

    def __init__(self, data_dir: Path, answer: Callable[[bytes], bytes]) -> None:
        """`answer` raises ValueError for a question that it cannot read."""
        self._data_dir, self._answer = data_dir, answer
        self._socket: socket.socket | None = None
        self.problem: str | None = None
        self.refused = 0  # requests that nobody could read or that broke off
        self._since_s: float | None = None  # when the question came that is being answered

    @property
    def beat(self) -> Beat:
        """Of its thread."""
        return at_work(self._since_s, time.monotonic(), WITHIN_S)

    def open(self) -> None:
        """What an agent that died left there is replaced: the outbox lets only one agent in."""
        listening = socket.socket(socket.AF_UNIX)
        try:
            with _short(self._data_dir) as path:
                path.unlink(missing_ok=True)
                listening.bind(str(path))
                path.chmod(0o600)  # nobody can connect before `listen`
            listening.listen(4)
        except OSError as error:
            listening.close()
            self.problem = f"{self._data_dir / NAME}: {error.strerror or error}"
            return
        self._socket = listening
        threading.Thread(target=self._serve, args=(listening,), name="desk", daemon=True).start()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            with suppress(OSError), _short(self._data_dir) as path:
                path.unlink(missing_ok=True)

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                asking, _ = listening.accept()
            except OSError:  # closed
                return
            self._since_s = time.monotonic()
            with asking:
                try:
                    asking.settimeout(TIMEOUT_S)
                    asking.sendall(self._answer(_line(asking)))
                except (OSError, ValueError):
                    self.refused += 1
            self._since_s = None


def ask(data_dir: Path, question: bytes) -> bytes:
    """What the running agent tells. Raises NoAgent, and Failure where it gives no answer."""
    place = data_dir / NAME
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(TIMEOUT_S)
            with _short(data_dir) as path:
                asking.connect(str(path))
            asking.sendall(question + b"\n")
            told = _all(asking)
    except PermissionError:
        raise Failure(f"{place}: is for the agent's own user; run this as that user, or as root") from None
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NoAgent(f"{place}: no agent answers there; is it running, with this data_dir?") from None
    except (OSError, ValueError) as error:
        raise Failure(f"{place}: the agent gave no answer ({error}); ask again") from None
    if not told:
        raise Failure(f"{place}: the agent gave no answer; ask again")
    return told


@contextmanager
def _short(data_dir: Path) -> Iterator[Path]:
    """The socket's path by way of an open folder: a Unix socket's own may have 107 characters only."""
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{folder}/{NAME}")
    finally:
        os.close(folder)


def _line(asking: socket.socket) -> bytes:
    """Raises ValueError when no line ends within its bounds."""
    text = b""
    while not text.endswith(b"\n"):
        more = asking.recv(MAX_ASKED_BYTES + 1 - len(text))
        text += more
        if not more or len(text) > MAX_ASKED_BYTES:
            raise ValueError("expected one line")
    return text


def _all(asking: socket.socket) -> bytes:
    parts, size = [], 0
    while part := asking.recv(1 << 20):
        size += len(part)
        if size > MAX_TOLD_BYTES:
            raise ValueError("more than can be")
        parts.append(part)
    return b"".join(parts)
