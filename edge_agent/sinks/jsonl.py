"""Events into a JSON Lines file: the same CloudEvents that would cross the wire, one a line."""

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_agent.core.outgoing import Outgoing
from edge_agent.files import whole_file
from edge_agent.sinks.envelope import encode_body, seal


class EventFile:
    """A context manager. The file appears whole when the work has succeeded, else not at all.

    `stream` comes from the caller: a recorded scene gives the same file on every machine. What is on trial is numbered in a
    stream of its own, so that the other lines are the same with and without it. Raises OSError.
    """

    def __init__(self, path: Path, device: str, stream: str) -> None:
        self._device = device
        self._stream = stream
        self._stack = ExitStack()
        self._file = self._stack.enter_context(whole_file(path))
        self.written = 0
        self._numbered: Counter[str] = Counter()

    def append(self, events: Iterable[Outgoing]) -> None:
        for event in events:
            self.written += 1
            stream = f"{self._stream}-shadow" if getattr(event.body, "shadow", False) else self._stream
            self._numbered[stream] += 1
            self._file.write(seal(self._device, stream, self._numbered[stream], encode_body(event)) + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
