"""Stills of incidents, where the site's configuration has them: what is kept of the frames, and what a request brings about.

The main loop only keeps; whatever a request takes is done by a thread of its own. Without `[stills]` nothing is kept, nobody is
listened to, and nothing is asked of a frame.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import msgspec

from edge_agent.app.eye import Eye
from edge_agent.app.scenes import private_masks
from edge_agent.config import StillsConfig, resolve
from edge_agent.core.health.progress import Beat, at_work
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.scene_building import shifted
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Detections, Frame
from edge_agent.evidence.mosaic import unrecognisable
from edge_agent.evidence.shelf import NEAR_S, Shelf, Still
from edge_agent.evidence.upload import Destination, NotUploaded, check, upload
from edge_agent.field.recent import Recent
from event_contract.commands import CommandResponse, StillRequest
from event_contract.messages import IncidentData, encode
from event_contract.times import format_time, parse_time

SEEN_S = 0.5  # whom the detector misses for so short a time is hidden where he was
QUALITY = 80
WAITING = 4  # requests
HOUR_S = 3600.0
WITHIN_S = 180.0  # a request: the upload waits 15 s for each step, of which a slow link makes many

Respond = Callable[[bytes], None]


@dataclass(slots=True)
class _Camera:
    """`registered`: how far its picture lay beside the scene when a frame was last kept."""

    scene: SceneFile
    shelf: Shelf = field(default_factory=Shelf)
    registered: tuple[float, float] = (0.0, 0.0)


class Stills:
    """`keep` after each frame, from one thread; `take` what the collector asks, from any. `open` and `close` as a pair."""

    def __init__(self, config: StillsConfig, config_file: Path, scenes: Mapping[str, SceneFile], recent: Recent) -> None:
        """Raises WrongInput for a `ca` that is none."""
        ca = None if config.ca is None else str(resolve(config_file, config.ca))
        self._to, self._per_hour, self._recent = Destination(config.collector, ca), config.per_hour, recent
        check(self._to)
        self._cameras = {name: _Camera(scene) for name, scene in scenes.items()}
        self._asked: queue.Queue[StillRequest | None] = queue.Queue(WAITING)
        self._sent_s: deque[float] = deque(maxlen=config.per_hour)
        self._respond: Respond = lambda response: None
        self._since_s: float | None = None  # when the request came up that is being answered

    @property
    def beat(self) -> Beat | None:
        """Of its thread."""
        return at_work(self._since_s, time.monotonic(), WITHIN_S)

    def open(self, respond: Respond) -> None:
        self._respond = respond
        threading.Thread(target=self._work, name="stills", daemon=True).start()

    def close(self) -> None:
        with suppress(queue.Full):
            self._asked.put_nowait(None)

    def keep(self, eye: Eye, frame: Frame, detections: Detections | None, said: Sequence[Outgoing]) -> None:
        """A still now and then, and when an incident begins. Only of frames in which the detector looked for people, and
        while the camera sees its road: one that was turned may have seen what its masks did not hide."""
        camera, moved = self._cameras[eye.name], eye.pipeline.registered
        if eye.pipeline.presence == "blind" or moved != camera.registered:
            camera.shelf.forget_recent()
            camera.registered = moved
            return
        begun = [one.body.incident for one in said if isinstance(one.body, IncidentData) and _begins(one.body)]
        if detections is None or not (begun or camera.shelf.is_due(frame.at_s)):
            return
        masks = private_masks(shifted(camera.scene, moved))
        before = [seen for at_s, seen in self._recent.since(eye.name, frame.at_s - SEEN_S) if at_s < frame.at_s]
        hidden = unrecognisable(frame.pixels, detections, before, masks)
        done, packed = cv2.imencode(".jpg", hidden, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        if done:
            camera.shelf.put(Still(frame.at_s, packed.tobytes()), begun)

    def take(self, payload: bytes) -> None:
        """Raises ValueError for what is no request."""
        request = msgspec.json.decode(payload, type=StillRequest)
        try:
            self._asked.put_nowait(request)
        except queue.Full:
            self._say(request, "refused", "busy", f"{WAITING} requests wait already; ask again")

    def _work(self) -> None:
        while (request := self._asked.get()) is not None:
            self._since_s = time.monotonic()
            try:
                self._answer(request)
            except NotUploaded as error:
                self._say(request, "failed", "not_uploaded", str(error))
            except Exception as error:  # noqa: BLE001 - the thread's boundary: a request must not end the watch
                self._say(request, "failed", "internal", f"{type(error).__name__}: {error}"[:200])
            self._since_s = None

    def _answer(self, request: StillRequest) -> None:
        if request.camera not in self._cameras:
            return self._say(request, "refused", "no_camera", f"there is no camera {request.camera!r} here any more")
        now_s, wall_s = time.monotonic(), time.time()
        if len(self._sent_s) == self._per_hour and now_s - self._sent_s[0] < HOUR_S:
            told = f"{self._per_hour} stills were sent within an hour, and no more are (stills.per_hour)"
            return self._say(request, "refused", "too_many", told)
        still = self._cameras[request.camera].shelf.pick(request.incident, _moment(request.at) - wall_s + now_s)
        if still is None:
            told = f"no picture is kept of it, nor of {NEAR_S:.0f} s around it; the agent was restarted, or it is too long ago"
            return self._say(request, "refused", "no_picture", told)
        self._sent_s.append(now_s)
        upload(self._to, request, still.jpeg, format_time(wall_s - now_s + still.at_s))
        self._respond(encode(CommandResponse(id=request.id, outcome="done")))

    def _say(self, request: StillRequest, outcome: str, code: str, reason: str) -> None:
        self._respond(encode(CommandResponse(id=request.id, outcome=outcome, code=code, reason=reason)))  # type: ignore[arg-type]


class NoStills:
    """Where the site has none."""

    take: Callable[[bytes], None] | None = None
    beat: Beat | None = None

    def open(self, respond: Respond) -> None:
        pass

    def close(self) -> None:
        pass

    def keep(self, eye: Eye, frame: Frame, detections: Detections | None, said: Sequence[Outgoing]) -> None:
        pass


def build_stills(
    config: StillsConfig | None, config_file: Path, scenes: Mapping[str, SceneFile], recent: Recent
) -> Stills | NoStills:
    return NoStills() if config is None else Stills(config, config_file, scenes, recent)


def _begins(incident: IncidentData) -> bool:
    return incident.phase == "new" and not incident.shadow


def _moment(text: str) -> float:
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return 0.0
