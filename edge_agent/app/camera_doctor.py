"""One camera of a site: its scene, its calibration, its picture, and how far the detector sees in it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_agent.app.reaching import far_marks, far_region_of, reach_of
from edge_agent.app.scenes import load_scene, private_masks
from edge_agent.app.views import Views
from edge_agent.config import CameraConfig, UsbSource, resolve
from edge_agent.core import reach
from edge_agent.core.calibration_report import report_on
from edge_agent.core.failure import Failure
from edge_agent.core.finding import Finding, Verdict
from edge_agent.core.incidents.camera_view import CameraView
from edge_agent.core.reach import LaneReach, Reach
from edge_agent.core.scene import Scene
from edge_agent.core.scene_building import build_scene
from edge_agent.core.scene_format import SceneError, SceneFile, scene_sha256
from edge_agent.core.types import CLASS_OF_COCO, Box, Detections, RoadUser, Track
from edge_agent.detectors.detector import OnnxDetector
from edge_agent.field.still import grid, write_still
from edge_agent.sources.glimpse import Glimpse, glimpse
from event_contract.kinds import CAMERA_FAULTS

SLOW = 0.8  # of the frames that were asked for
OTHER_SHAPE = 0.02
POOR_PX = 4.0
BLIND_SHARE, BLIND_M = 0.1, 5.0  # of a lane, from which on it is worth a warning
Look = Callable[[NDArray[np.uint8]], Detections]
Found = Callable[..., Finding]


def look_at_camera(
    camera: CameraConfig, file: Path, data_dir: Path, held: bool, detector: OnnxDetector | None, look: Look | None,
    picture: Path | None,
) -> Iterator[Finding]:  # fmt: skip
    """`held`: an agent runs; `look`: the detector's, timed."""

    def found(topic: str, verdict: Verdict, said: str, step: str = "") -> Finding:
        return Finding(topic, verdict, said, step, camera.name)

    try:
        scene, text = load_scene(resolve(file, camera.scene))
    except SceneError as error:
        yield found("scene", "fail", str(error), "correct the scene; docs/scene.md explains it")
        return
    lanes = f"{len(scene.lanes)} lanes, {len(scene.count_lines)} count lines"
    if scene.lanes:
        yield found("scene", "ok", lanes)
    else:
        yield found("scene", "warn", lanes, "draw the lanes; without them nothing is judged")
    yield _calibration(scene, found)
    if held and isinstance(camera.source, UsbSource):
        yield found("picture", "warn", "the running agent holds this camera", "stop the agent to look at it")
        return
    try:
        seen = glimpse(camera, file, private_masks(scene))
    except Failure as error:
        yield found("picture", "fail", str(error).partition("; ")[0], str(error).partition("; ")[2])
        return
    yield _picture(seen, camera, scene, found)
    yield _view(seen, camera, scene, scene_sha256(text), data_dir, found)
    detections = [look(frame.pixels) for frame in seen.frames] if look is not None else []
    road = build_scene(scene)
    shown = seen.frames[-1].pixels
    reached = None
    if detector is not None:
        reached = reach_of(road, (shown.shape[1], shown.shape[0]), detector.input_px, detections)
        yield _reach(reached, road, _far_words(reached, road, camera, seen.size_px[0], detector.input_px), found)
    if picture is not None:
        marks = [*far_marks(reached), *(grid(scene, road.homography) if road.homography is not None else ())]
        write_still(picture, seen.frames[-1], scene, marks, _users(road, seen, detections))
        yield found("still", "ok", f"written: {picture}")


def _calibration(scene: SceneFile, found: Found) -> Finding:
    if scene.calibration is None:
        return found("calibration", "warn", "none: no speeds and no positions", "edge-agent calibrate; see docs/scene.md")
    report = report_on(scene.calibration, scene.ref_resolution)
    said = (
        f"{len(report.points)} points, residuals {report.rms_px:.1f} px = {report.rms_m:.2f} m; speeds from "
        f"{report.stretch_m[0]:.0f} to {report.stretch_m[1]:.0f} m"
    )
    good = [f"+-{1.96 * at.se_kmh:.1f} at {at.distance_m:.0f} m" for at in report.speeds if at.se_kmh is not None]
    if good:
        said += f", at 50 km/h {', '.join(good)}"
    worst = report.rms_px > POOR_PX
    step = report.warnings[0] if report.warnings else "look at the points again: edge-agent calibrate" if worst else ""
    return found("calibration", "warn" if report.warnings or worst else "ok", said, step)


def _picture(seen: Glimpse, camera: CameraConfig, scene: SceneFile, found: Found) -> Finding:
    (width, height), (ref_width, ref_height) = seen.size_px, scene.ref_resolution
    said = f"{width} x {height}, {seen.fps:.1f} of {camera.fps:g} frames a second"
    if abs(width / height / (ref_width / ref_height) - 1) > OTHER_SHAPE:
        step = f"the scene was drawn on {ref_width} x {ref_height}, another shape: set the camera to it, or draw the scene anew"
        return found("picture", "fail", said, step)
    if seen.fps < SLOW * camera.fps:
        return found("picture", "warn", said, "see what the camera is set to, and how busy network and machine are")
    return found("picture", "ok", said)


def _view(
    seen: Glimpse, camera: CameraConfig, scene: SceneFile, sha256: str, data_dir: Path, found: Found
) -> Finding:
    """The same judgement as the agent's, with what it has learnt so far of what stands there."""
    check, registered = Views(data_dir).open(camera.name, scene, sha256)
    rule, learnt = scene.rules.camera_fault, check.reference.is_learnt
    width, height = scene.ref_resolution
    view = CameraView(height / width, rule.covered_share, rule.small_move, registered)
    verdict = None
    for frame in seen.frames:
        reading = check.look(frame.at_s, frame.pixels)
        if reading is not None:
            verdict = view.judge(reading)
    if verdict in CAMERA_FAULTS:
        return found("view", "fail", CAMERA_FAULTS[verdict].en, "look at the still (--picture); clean it, or turn it back")
    if verdict == "unsure":
        return found("view", "warn", "perhaps not the road that the scene was drawn on", "look at the still (--picture)")
    known = "the road that it knows" if learnt else "a picture; what stands there is learnt by the running agent"
    return found("view", "ok", f"sees {known}")


def _far_words(reached: Reach | None, road: Scene, camera: CameraConfig, sent_px: int, input_px: tuple[int, int]) -> str:
    """What a second look at the far end brings, or would."""
    width = camera.width if camera.far_pass else sent_px
    region = far_region_of(road, width, input_px)
    if reached is None or region is None:
        return ""
    far_m = replace(reached, input_px=reached.input_px * reached.closer(region, width)).distance_m("car")
    if far_m is None:
        return ""
    if camera.far_pass:
        return f"; in the second look cars to {far_m:.0f} m"
    return f"; far_pass = true with width = {width} would find cars to {far_m:.0f} m, for about twice the work"


def _reach(reached: Reach | None, road: Scene, closer: str, found: Found) -> Finding:
    if reached is None:
        said = "not known from which distance on vehicles are too small"
        return found("reach", "warn", said, "edge-agent calibrate, or look again when there is traffic")
    blind = [one for lane in road.lanes for one in [reached.of_lane(lane, "car")] if one.blind_share > 0]
    far = {cls: reached.distance_m(cls) for cls in reach.SHOWN}
    words = [f"{cls}s are recognised to {metres:.0f} m" for cls, metres in far.items() if metres is not None]
    said = "; ".join([", ".join(words) or "every lane, as far as boxes tell so far", *_blind_words(blind)]) + closer
    serious = [one for one in blind if (one.blind_m or 0) > BLIND_M or one.blind_share > BLIND_SHARE]
    if serious:
        return found("reach", "warn", said, "cut the blind ends off the lanes, zoom in, or take a model with a larger input")
    return found("reach", "ok", said)


def _blind_words(blind: Sequence[LaneReach]) -> Iterator[str]:
    for one in blind:
        if one.blind_m is None or one.far_m is None:
            yield f"lane {one.lane}: {one.blind_share:.0%} of it in the picture are blind for cars"
        else:
            begins = f"begins at {one.near_m:.0f} m" if one.blind_share == 1 else f"goes to {one.far_m:.0f} m"
            yield f"lane {one.lane} {begins}: its far {one.blind_m:.0f} m are blind for cars"


def _users(road: Scene, seen: Glimpse, detections: Sequence[Detections]) -> list[RoadUser]:
    """What the detector finds in the last of the frames."""
    if not detections:
        return []
    last = detections[-1]
    tracks = [
        Track(number, Box(*map(float, box)), CLASS_OF_COCO[int(cls)], float(score), True, 1)
        for number, (box, score, cls) in enumerate(zip(last.boxes, last.scores, last.classes, strict=True), start=1)
    ]
    return road.locate(seen.frames[-1].at_s, tracks)
