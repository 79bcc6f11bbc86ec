"""A model on trial in the field: now and then it looks at a frame that the live one has looked at, and both are compared.

It has a thread of its own, one place for a frame, and a budget: after each look it rests four times as long. What comes then
is passed over and counted, so that the live detector never waits. When it fails, the trial is over and the watch goes on.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from edge_agent.core.agreement import Agreement
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.types import Detections, Frame
from edge_agent.detectors.detector import OnnxDetector
from event_contract.messages import ClassAgreement, Clock, ModelTrialData
from event_contract.times import format_time

TELL_S = 3600.0
BUDGET = 0.2  # share of its thread's time; the network computes on that thread alone
HANGS_S = 60.0  # one look takes no longer, however large the network


@dataclass(slots=True)
class _Tally:
    """One camera's, since it was last told."""

    from_unix_s: float
    agreement: Agreement = field(default_factory=Agreement)
    looks: int = 0  # of the live model
    skipped: int = 0
    took_s: float = 0.0


class ModelTrial:
    """`offer` every frame that the live model `live` has looked at; `tell` what there is to say. `problem` ended the trial."""

    def __init__(self, eye: OnnxDetector, live: str, every_n: int, cameras: Iterable[str], run: str) -> None:
        self._eye, self._live, self._every_n, self._run = eye, live, every_n, run
        self._tallies = {camera: _Tally(time.time()) for camera in cameras}
        self._due_s = time.monotonic() + TELL_S
        self._place: queue.Queue[tuple[Frame, Detections]] = queue.Queue(1)
        self._lock = threading.Lock()
        self._failed: str | None = None
        self._since_s: float | None = None  # when the look began that is under way
        threading.Thread(target=self._work, name="model on trial", daemon=True).start()

    @property
    def problem(self) -> str | None:
        """That it hangs is no reason to restart the agent: it would hang again."""
        since_s = self._since_s
        if since_s is not None and time.monotonic() - since_s > HANGS_S:
            return f"its network has not answered for more than {HANGS_S:.0f} s"
        return self._failed

    def offer(self, frame: Frame, live: Detections) -> None:
        tally = self._tallies[frame.camera]
        tally.looks += 1
        if tally.looks % self._every_n or self.problem is not None:
            return
        try:
            self._place.put_nowait((frame, live))
        except queue.Full:
            tally.skipped += 1

    def tell(self, clock: Callable[[], Clock], last: bool = False) -> list[Outgoing]:
        """Each camera's comparison, once an hour and at the `last`."""
        if not last and time.monotonic() < self._due_s:
            return []
        self._due_s = time.monotonic() + TELL_S
        now_s = time.time()
        with self._lock:
            tallies, self._tallies = self._tallies, {camera: _Tally(now_s) for camera in self._tallies}
        return [
            Outgoing("telemetry", camera, format_time(now_s), self._body(camera, tally, clock()))
            for camera, tally in tallies.items() if tally.agreement.frames
        ]  # fmt: skip

    def _work(self) -> None:
        try:
            while True:
                frame, live = self._place.get()
                began_s = self._since_s = time.monotonic()
                found = self._eye.detect(frame.pixels)
                took_s, self._since_s = time.monotonic() - began_s, None
                with self._lock:
                    tally = self._tallies[frame.camera]
                    tally.took_s += took_s
                    tally.agreement.add(live, found)
                time.sleep(took_s * (1 / BUDGET - 1))
        except Exception as error:  # noqa: BLE001 - the thread's boundary: a trial must not end the watch
            self._failed, self._since_s = f"{type(error).__name__}: {error}".split("\n", 1)[0][:200], None

    def _body(self, camera: str, tally: _Tally, clock: Clock) -> ModelTrialData:
        seen = tally.agreement
        classes = sorted({*seen.both, *seen.only_live, *seen.only_shadow})
        return ModelTrialData(
            run=self._run,
            camera=camera,
            from_=format_time(tally.from_unix_s),
            live=self._live,
            shadow=self._eye.model.name,
            shadow_sha256=self._eye.model.sha256,
            frames=seen.frames,
            skipped=tally.skipped,
            shadow_ms=round(1000 * tally.took_s / seen.frames, 1),
            classes={
                name: ClassAgreement(both=seen.both[name], only_live=seen.only_live[name], only_shadow=seen.only_shadow[name])
                for name in classes
            },
            clock=clock,
        )


class NoTrial:
    """Where the site has no model on trial."""

    problem: str | None = None

    def offer(self, frame: Frame, live: Detections) -> None:
        pass

    def tell(self, clock: Callable[[], Clock], last: bool = False) -> list[Outgoing]:
        return []
