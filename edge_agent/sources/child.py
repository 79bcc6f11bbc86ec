"""The parent's end of a capture child: start it, read what it sends within a time limit, end it."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from fcntl import F_SETPIPE_SZ, fcntl

import numpy as np

from edge_agent.sources.pipe import FRAME, HEADER, Job, Note, Picture, decode_note, encode_job, parse_header

PIPE_BYTES = 1 << 20  # the most that needs no privilege; a frame of 640x360 fits
TAIL_BYTES = 2000
EXIT_S = 5.0
TAG = re.compile(r"\[\w+ @ 0x[0-9a-f]+\] ")  # FFmpeg's: [rtsp @ 0x55bf88d37b00]
LEAN = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "OPENCV_LOG_LEVEL": "ERROR"}


class ChildDied(Exception):
    """It ended without a word. The message says how: `the decoder died (signal SIGABRT)`."""


class ChildStalled(Exception):
    """It said nothing for as long as it was given."""


class Child:
    """One run of `edge_agent.sources.capture_child`. One thread reads; `kill` may come from another."""

    def __init__(self, job: Job) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "edge_agent.sources.capture_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=os.environ | LEAN,
            start_new_session=True,  # Ctrl-C is for the agent, which then ends its children
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr  # noqa: S101
        self._stdin, self._out, self._err = self._process.stdin, self._process.stdout, self._process.stderr
        self._poll = select.poll()
        for pipe in (self._out, self._err):
            os.set_blocking(pipe.fileno(), False)
            self._poll.register(pipe, select.POLLIN)
        with suppress(OSError):  # a smaller pipe is slower, no more
            fcntl(self._out, F_SETPIPE_SZ, PIPE_BYTES)
        self._tail = b""
        with suppress(BrokenPipeError):  # it died at once: the first read says how
            self._stdin.write(encode_job(job))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def last_words(self) -> str:
        """The last line that OpenCV and FFmpeg left on stderr; may hold secrets."""
        lines = TAG.sub("", self._tail.decode(errors="replace")).split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def read(self, timeout_s: float) -> Picture | Note:
        """The next thing it says, whole. Raises ChildStalled, and ChildDied at its end."""
        deadline_s = time.monotonic() + timeout_s
        raw = bytearray(HEADER.size)
        self._fill(memoryview(raw), deadline_s)
        try:
            header = parse_header(raw)
            if header.magic != FRAME:
                body = bytearray(header.length)
                self._fill(memoryview(body), deadline_s)
                return decode_note(body)
        except ValueError as error:
            raise ChildDied(f"the decoder sent what is no frame ({error})") from None
        # A fresh array for each frame: whoever takes it may keep it.
        pixels = np.empty((header.height, header.width, 3), np.uint8)
        self._fill(pixels.reshape(-1).data, deadline_s)
        pixels.flags.writeable = False
        return Picture(header.index, header.at_s, pixels)

    def kill(self) -> None:
        """At once and for good; the reader then sees its end."""
        self._process.kill()

    def close(self) -> None:
        self.kill()
        self._process.wait()
        for pipe in (self._stdin, self._out, self._err):
            pipe.close()

    def _fill(self, rest: memoryview, deadline_s: float) -> None:
        while rest:
            left_ms = max(0.0, deadline_s - time.monotonic()) * 1000
            ready = [fd for fd, _ in self._poll.poll(left_ms)]
            if not ready:
                raise ChildStalled
            if self._err.fileno() in ready:
                self._listen()
            if self._out.fileno() in ready:
                count = os.readv(self._out.fileno(), [rest])
                if not count:
                    raise ChildDied(self._how_it_ended())
                rest = rest[count:]

    def _listen(self) -> None:
        said = self._err.read(4096)
        if said:
            self._tail = (self._tail + said)[-TAIL_BYTES:]
        else:
            self._poll.unregister(self._err)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        while said := self._err.read(4096):
            self._tail = (self._tail + said)[-TAIL_BYTES:]
        if code < 0:
            return f"the decoder died (signal {signal.Signals(-code).name})"
        return f"the decoder died (exit {code})"
