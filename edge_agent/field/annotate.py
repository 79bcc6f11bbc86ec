"""A video of what the agent saw: lanes, count lines, boxes with ids and speeds, incidents in red."""

import os
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.failure import Failure
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Box, Frame, IncidentReport, RoadUser
from event_contract.kinds import INCIDENT_KINDS

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]  # BGR

LEAST_WIDTH_PX = 960  # small clips are enlarged so that labels can be read
ALARM: Colour = (60, 60, 235)
LANE: Colour = (190, 160, 60)
LINE: Colour = (60, 200, 230)
MASK: Colour = (90, 90, 90)
UNSEEN: Colour = (150, 150, 150)
COLOUR_OF_CLASS: dict[str, Colour] = {
    "car": (90, 200, 90), "motorcycle": (220, 170, 40), "bicycle": (220, 220, 60), "person": (200, 110, 220),
    "bus": (60, 170, 240), "truck": (60, 130, 220),
}  # fmt: skip


class AnnotatedVideo:
    """A context manager. The file appears whole at the end (temp, rename). Raises Failure when it cannot be written."""

    def __init__(self, path: Path, fps: float, scene: SceneFile) -> None:
        if path.suffix.lower() not in (".mp4", ".avi"):
            raise Failure(f"--annotate {path}: expected a name that ends in .mp4 or .avi")
        self._path, self._fps, self._scene = path, fps, scene
        self._temp = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
        self._writer: cv2.VideoWriter | None = None
        self._drawing: Drawing | None = None

    def write(self, frame: Frame, users: Iterable[RoadUser], incidents: Iterable[IncidentReport]) -> None:
        if self._writer is None or self._drawing is None:
            self._drawing = Drawing(self._scene, frame.pixels.shape[1], frame.pixels.shape[0])
            code = cv2.VideoWriter.fourcc(*("mp4v" if self._path.suffix.lower() == ".mp4" else "MJPG"))
            self._writer = cv2.VideoWriter(str(self._temp), code, self._fps, self._drawing.size_px)
            if not self._writer.isOpened():
                raise Failure(f"--annotate {self._path}: cannot be written; check the folder and its free space")
        self._writer.write(self._drawing.draw(frame, users, incidents))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.release()
            if kind is None:
                self._temp.replace(self._path)
        self._temp.unlink(missing_ok=True)


class Drawing:
    """Draws on enlarged copies of the frames; what never changes is drawn once."""

    def __init__(self, scene: SceneFile, width_px: int, height_px: int) -> None:
        factor = max(1, -(-LEAST_WIDTH_PX // width_px))
        self.size_px = width_px * factor, height_px * factor
        self._ground = np.zeros((self.size_px[1], self.size_px[0], 3), np.uint8)
        for mask in scene.masks:
            cv2.polylines(self._ground, [self._points(mask.polygon)], True, MASK, 1, cv2.LINE_AA)
        for lane in scene.lanes:
            cv2.polylines(self._ground, [self._points(lane.polygon)], True, LANE, 1, cv2.LINE_AA)
            path = self._points(lane.centreline)
            for start, end in pairwise(path):
                cv2.arrowedLine(self._ground, start.tolist(), end.tolist(), LANE, 1, cv2.LINE_AA, tipLength=0.05)
            self._label(self._ground, path[len(path) // 2].tolist(), lane.id, LANE)
        for line in scene.count_lines:
            start, end = self._points(line.line)
            cv2.line(self._ground, start.tolist(), end.tolist(), LINE, 2, cv2.LINE_AA)
            self._label(self._ground, start.tolist(), line.id, LINE)
        self._drawn = self._ground.any(axis=2)

    def draw(self, frame: Frame, users: Iterable[RoadUser], incidents: Iterable[IncidentReport]) -> Pixels:
        picture: Pixels = np.asarray(cv2.resize(frame.pixels, self.size_px, interpolation=cv2.INTER_LINEAR), np.uint8)
        picture[self._drawn] = self._ground[self._drawn]
        incidents = list(incidents)
        concerned = {user.track.id for incident in incidents for user in incident.road_users}
        for user in users:
            self._road_user(picture, user, user.track.id in concerned)
        for row, incident in enumerate(incidents):
            text = f"{INCIDENT_KINDS[incident.kind].en} #{incident.number}"
            if incident.box is not None:
                self._box(picture, incident.box, ALARM, 3)
            self._label(picture, [10, 58 + 26 * row], f"{text}  lane {incident.lane}" if incident.lane else text, ALARM, 0.7)
        self._label(picture, [10, 28], f"{frame.camera}  {frame.at_s:7.2f} s", (255, 255, 255), 0.6)
        return picture

    def _road_user(self, picture: Pixels, user: RoadUser, alarming: bool) -> None:
        colour = ALARM if alarming else COLOUR_OF_CLASS.get(user.track.cls, LANE) if user.track.seen else UNSEEN
        left, top = self._box(picture, user.track.box, colour, 2 if user.track.seen else 1)
        if not user.track.seen:
            return
        speed = "" if user.speed_kmh is None else f" {user.speed_kmh:.0f}+-{1.96 * (user.speed_se_kmh or 0):.0f}"
        self._label(picture, [left, max(12, top - 4)], f"{user.track.id} {user.track.cls}{speed}", colour)

    def _box(self, picture: Pixels, box: Box, colour: Colour, thickness: int) -> tuple[int, int]:
        left, top, right, bottom = (round(value * size) for value, size in zip(box, self.size_px * 2, strict=True))
        cv2.rectangle(picture, (left, top), (right, bottom), colour, thickness, cv2.LINE_AA)
        return left, top

    def _label(self, picture: Pixels, at: list[int], text: str, colour: Colour, scale: float = 0.45) -> None:
        """Text on a dark ground, so that it can be read on any road."""
        (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        cv2.rectangle(picture, (at[0] - 2, at[1] - height - 2), (at[0] + width + 2, at[1] + base), (25, 25, 25), cv2.FILLED)
        cv2.putText(picture, text, (at[0], at[1]), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)

    def _points(self, shape: Iterable[tuple[float, float]]) -> NDArray[np.int32]:
        return np.asarray(np.round(np.array([*shape]) * np.array(self.size_px)), np.int32)
