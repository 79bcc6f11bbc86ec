"""Scenes as a person changes them on the page: checked as the agent checks them, written whole, each one before kept.

Beside the versions lies what the camera saw when the last of them was saved, so that one sees later whether it was moved.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Raw

from edge_agent.app.calibrate import from_lane, laid_out
from edge_agent.app.reaching import reach_of
from edge_agent.app.scenes import load_scene, private_masks
from edge_agent.core import reach
from edge_agent.core.calibration_report import report_on
from edge_agent.core.failure import Failure
from edge_agent.core.scene_building import build_scene
from edge_agent.core.scene_format import SceneError, SceneFile, parse_scene, scene_sha256
from edge_agent.field.still import grid
from edge_agent.files import whole_file, write_secret
from edge_agent.sources.pipe import Polygon
from edge_agent.web.drawn import (
    FitPoint,
    Fitted,
    GuideLine,
    LaneClicks,
    LaneSolved,
    SceneChanged,
    SceneChecked,
    SceneNow,
    SceneRefused,
    SceneVersion,
    SpeedThere,
)
from event_contract.times import format_time

VERSIONS_KEPT = 50


class _Kept(msgspec.Struct):
    """A version's file. `scene` is its text, byte for byte."""

    at: str
    by: str
    scene: str


class SceneDesk:
    """`files` by camera, and the SHA-256 of what the agent `runs` by; `input_px` of the detector. `keepsake` is what may
    be kept of the camera's picture, these polygons painted, None where there is none. From any thread."""

    def __init__(
        self, files: Mapping[str, Path], runs: Mapping[str, str], folder: Path, input_px: tuple[int, int],
        keepsake: Callable[[str, Sequence[Polygon]], bytes | None],
    ) -> None:  # fmt: skip
        self._files, self._runs, self._folder, self._input_px = files, runs, folder, input_px
        self._keepsake = keepsake
        self._lock = threading.Lock()

    def read(self, camera: str) -> SceneNow:
        """Raises KeyError, OSError, SceneError for a file that somebody has spoiled."""
        with self._lock:
            return self._now(camera)

    def version(self, camera: str, number: int) -> bytes:
        """Raises KeyError."""
        kept = self._kept(camera, number) if camera in self._files else None
        if kept is None:
            raise KeyError(number)
        return kept.scene.encode()

    def then(self, camera: str) -> bytes:
        """JPEG of what the camera saw when its scene was drawn. Raises KeyError where it was not drawn here."""
        try:
            return self._view(camera, scene_sha256(self._files[camera].read_bytes())).read_bytes()
        except OSError:
            raise KeyError(camera) from None

    def check(self, camera: str, text: bytes) -> SceneChecked:
        """Raises KeyError."""
        self._files[camera]
        try:
            scene = parse_scene(text)
            return SceneChecked(fitted=_fitted(scene), guides=tuple(self._guides(scene)))
        except (SceneError, ValueError) as error:
            return SceneChecked(problem=str(error))

    def save(self, camera: str, text: bytes, base: str, by: str) -> SceneNow:
        """Takes the place of the one of SHA-256 `base`."""
        file = self._files[camera]
        try:
            scene = parse_scene(text)
        except SceneError as error:
            raise SceneRefused(str(error)) from None
        laid, seen = laid_out(msgspec.json.decode(text)), self._keepsake(camera, private_masks(scene))
        with self._lock:
            before = file.read_bytes()
            if scene_sha256(before) != base:
                raise SceneChanged(f"{camera}: its scene has been changed meanwhile; look at it again")
            if not self._numbers(camera):
                self._keep(camera, "", before)
            self._keep(camera, by, laid)
            self._keep_view(camera, scene_sha256(laid), seen)
            with whole_file(file) as draft:
                draft.write(laid)
            return self._now(camera)

    def lane(self, clicks: LaneClicks) -> LaneSolved:
        """A calibration from a lane's width and its dashes."""
        width, height = clicks.size_px
        left, right, dashes = (
            [(x * width, y * height) for x, y in one] for one in (clicks.left, clicks.right, clicks.dashes)
        )
        try:
            found, _ = from_lane(left, right, dashes, clicks.width_m, clicks.cycle_m, SceneFile("", clicks.size_px, ()))
        except (Failure, ValueError, np.linalg.LinAlgError) as error:  # points that lie on one another
            return LaneSolved(problem=str(error))
        return LaneSolved(calibration=Raw(msgspec.json.encode(found)))

    def _now(self, camera: str) -> SceneNow:
        _, text = load_scene(self._files[camera])
        sha256 = scene_sha256(text)
        versions = [(number, self._kept(camera, number)) for number in reversed(self._numbers(camera))]
        told = tuple(
            SceneVersion(number=number, at=kept.at, by=kept.by, sha256=scene_sha256(kept.scene.encode()))
            for number, kept in versions
            if kept is not None
        )
        running = sha256 == self._runs[camera]
        return SceneNow(
            camera=camera, scene=Raw(text.strip()), sha256=sha256, running=running, versions=told,
            has_view=self._view(camera, sha256).exists(),
        )  # fmt: skip

    def _guides(self, scene: SceneFile) -> Iterator[GuideLine]:
        """The metre grid, and from where on who is too small; nothing without a calibration."""
        if scene.calibration is None:
            return
        road = build_scene(scene)
        if road.homography is None:
            return
        for mark in grid(scene, road.homography):
            yield GuideLine(points=tuple(mark.points), metres=float(mark.label.partition(" ")[0]))
        reached = reach_of(road, scene.ref_resolution, self._input_px, ())
        for cls in reach.SHOWN:
            if reached is not None and (line := reached.line(cls)):
                yield GuideLine(points=tuple(line), small=cls)

    def _view(self, camera: str, sha256: str) -> Path:
        return self._folder / camera / f"{sha256}.jpg"

    def _keep_view(self, camera: str, sha256: str, seen: bytes | None) -> None:
        """One of each camera; those of scenes before may show what is masked now."""
        for old in (self._folder / camera).glob("*.jpg"):
            old.unlink(missing_ok=True)
        if seen is not None:
            write_secret(self._view(camera, sha256), seen)

    def _numbers(self, camera: str) -> list[int]:
        return sorted(int(path.stem) for path in (self._folder / camera).glob("*.json") if path.stem.isdigit())

    def _kept(self, camera: str, number: int) -> _Kept | None:
        try:
            return msgspec.json.decode((self._folder / camera / f"{number}.json").read_bytes(), type=_Kept)
        except (OSError, ValueError):
            return None

    def _keep(self, camera: str, by: str, text: bytes) -> None:
        numbers = self._numbers(camera)
        path = self._folder / camera / f"{(numbers or [0])[-1] + 1}.json"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole_file(path) as draft:
            draft.write(msgspec.json.encode(_Kept(format_time(time.time()), by, text.decode())))
        for old in numbers[: max(0, len(numbers) + 1 - VERSIONS_KEPT)]:
            (path.parent / f"{old}.json").unlink(missing_ok=True)


def _fitted(scene: SceneFile) -> Fitted | None:
    if scene.calibration is None:
        return None
    report = report_on(scene.calibration, scene.ref_resolution)
    return Fitted(
        points=tuple(FitPoint(round(one.off_px, 2), round(one.off_m, 3), one.slipped) for one in report.points),
        rms_m=round(report.rms_m, 3), rms_px=round(report.rms_px, 2), stretch_m=report.stretch_m,
        speeds=tuple(SpeedThere(at.distance_m, None if at.se_kmh is None else round(at.se_kmh, 2)) for at in report.speeds),
    )  # fmt: skip
