"""Asking the running agent what a camera saw last: a Unix socket in its data_dir, for its own user (and root) only.

One line of JSON in, one MessagePack document out, and the connection ends. The agent only tells; whoever asks writes the files,
with rights of his own.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct

from edge_agent.core.failure import Failure
from edge_agent.core.types import Detections

NAME = "recall.sock"
TIMEOUT_S = 10.0
MAX_ASKED_BYTES = 1_000
MAX_TOLD_BYTES = 200_000_000


class Asked(Struct, frozen=True):
    camera: str
    last_s: Annotated[float, Meta(gt=0, le=86400)]


class SeenFrame(Struct, frozen=True, array_like=True):
    """The arrays of Detections as bytes: float32 boxes and scores, int32 classes."""

    at_s: float
    boxes: bytes
    scores: bytes
    classes: bytes


class Recalled(Struct, frozen=True):
    """`frames` by the monotonic clock of the machine, in order; `refused` says why there are none."""

    refused: str | None = None
    scene: bytes = b""
    model: str = ""
    model_sha256: str = ""
    frames: tuple[SeenFrame, ...] = ()


def packed(at_s: float, seen: Detections) -> SeenFrame:
    return SeenFrame(at_s, seen.boxes.tobytes(), seen.scores.tobytes(), seen.classes.tobytes())


def unpacked(frame: SeenFrame) -> tuple[float, Detections]:
    boxes = np.frombuffer(frame.boxes, np.float32).reshape(-1, 4)
    return frame.at_s, Detections(boxes, np.frombuffer(frame.scores, np.float32), np.frombuffer(frame.classes, np.int32))


class RecallDesk:
    """Answers one after the other from `open` to `close`. `problem` says why it cannot: the watch goes on without it."""

    def __init__(self, data_dir: Path, answer: Callable[[Asked], Recalled]) -> None:
        self._data_dir, self._answer = data_dir, answer
        self._socket: socket.socket | None = None
        self.problem: str | None = None
        self.refused = 0  # requests that nobody could read or that broke off

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
        threading.Thread(target=self._serve, args=(listening,), name="recall", daemon=True).start()

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
            with asking:
                try:
                    asking.settimeout(TIMEOUT_S)
                    asked = msgspec.json.decode(_line(asking), type=Asked)
                    asking.sendall(msgspec.msgpack.encode(self._answer(asked)))
                except (OSError, ValueError):
                    self.refused += 1


def recall(data_dir: Path, asked: Asked) -> Recalled:
    """What the running agent tells. Raises Failure where none answers, or where it refuses."""
    place = data_dir / NAME
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(TIMEOUT_S)
            with _short(data_dir) as path:
                asking.connect(str(path))
            asking.sendall(msgspec.json.encode(asked) + b"\n")
            told = msgspec.msgpack.decode(_all(asking), type=Recalled)
    except PermissionError:
        raise Failure(f"{place}: is for the agent's own user; run this as that user, or as root") from None
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise Failure(f"{place}: no agent answers there; is it running, with this data_dir?") from None
    except (OSError, ValueError) as error:
        raise Failure(f"{place}: the agent gave no answer ({error}); ask again") from None
    if told.refused is not None:
        raise Failure(told.refused)
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
