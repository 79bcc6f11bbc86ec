"""The `calibration` of a scene: from measured points, from a lane's width and dashes, or from the traffic."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from math import radians, tan
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edge_agent.app.detecting import build_detector
from edge_agent.app.scenes import load_scene, private_masks
from edge_agent.config import DetectorConfig
from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.geometry import Array
from edge_agent.core.lane_marks import fit_lane
from edge_agent.core.pinhole import pairs_over, scale_se
from edge_agent.core.scene_format import Calibration, Pair, SceneFile, parse_scene
from edge_agent.core.track_marks import Way, fit_traffic, stretch_of
from edge_agent.core.tracker import Tracker
from edge_agent.core.types import Detections
from edge_agent.files import whole_file
from edge_agent.sources.clip import read_clip
from edge_agent.sources.recorded import read_detections

FOV_SPREAD, HEIGHT_SPREAD = 0.02, 0.03  # how well a known lens and a measured height are known
EDGE = 0.01  # boxes at the picture's edge are cut
SETTLED = 3  # detections until a track is one
Clicks = Sequence[tuple[float, float]]


def from_pairs(path: Path, scene: SceneFile) -> Calibration:
    """A CSV file of u,v,x_m,y_m: pixels of the reference resolution, metres to the right and away. Raises WrongInput."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row and not row[0].lstrip().startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInput(f"{path}: cannot be read ({error}); expected a CSV file of u,v,x_m,y_m") from None
    if rows and rows[0][0].strip().isalpha():
        rows = rows[1:]
    pairs = []
    for number, row in enumerate(rows, start=1):
        try:
            u, v, x, y = (float(cell) for cell in row[:4])
        except ValueError:
            raise WrongInput(f"{path}: point {number}: expected four numbers u,v,x_m,y_m, got {','.join(row)[:60]!r}") from None
        pairs.append(Pair((u / scene.ref_resolution[0], v / scene.ref_resolution[1]), (x, y)))
    return Calibration(tuple(pairs), method="pairs")


def from_lane(
    left: Clicks, right: Clicks, dashes: Clicks, width_m: float, cycle_m: float, scene: SceneFile
) -> tuple[Calibration, dict[str, list[float]]]:
    """Clicks are pixels of the reference resolution. Gives also by how many pixels each lies beside the fit, dashes from near
    to far. Raises Failure when they do not tell."""
    clicked = np.array(left), np.array(right), np.array(dashes)
    try:
        camera, found, off = fit_lane(*clicked, width_m, cycle_m, scene.ref_resolution)
    except ValueError as error:
        raise Failure(f"calibration from the lane: {error}") from None
    lines = camera.ground(np.array([*left, *right]))
    ends_m = float(lines[:, 1].min()), float(lines[:, 1].max())
    beside_m = float(lines[: len(left), 0].mean()), float(lines[len(left) :, 0].mean())
    image, road = pairs_over(camera, beside_m, ends_m)
    beside = np.split(off.round(2), np.cumsum([len(left), len(right)]))
    residuals = {name: list(map(float, one)) for name, one in zip(("left", "right", "dashes"), beside, strict=True)}
    return _worked_out("lane", image, road, scale_se(found, scene.ref_resolution, road)), residuals


def from_traffic(
    frames: Iterable[tuple[float, Detections]], scene: SceneFile, fov_deg: float | None, height_m: float | None
) -> Calibration:
    """Raises Failure when the traffic does not tell enough."""
    size_px = scene.ref_resolution
    focal = None if fov_deg is None else (size_px[0] / 2 / tan(radians(fov_deg) / 2), FOV_SPREAD)
    height = None if height_m is None else (height_m, HEIGHT_SPREAD)
    try:
        view = fit_traffic(ways_of(frames, size_px), size_px, focal, height)
    except ValueError as error:
        raise Failure(f"calibration from traffic: {error}") from None
    image, road = pairs_over(view.camera, *stretch_of(view))
    return _worked_out("tracks", image, road, scale_se(view.solution, size_px, road))


def recorded_frames(
    path: Path, scene: SceneFile, detector: DetectorConfig, fps: float
) -> Iterable[tuple[float, Detections]]:
    """A folder with detections.txt, such a file, or a clip that the detector looks at."""
    file = path / "detections.txt" if path.is_dir() else path
    if file.suffix == ".txt":
        yield from ((at_s, found) for at_s, _, found in read_detections(file, scene.ref_resolution, fps))
        return
    eye = build_detector(detector)
    with read_clip(path, fps=fps, masks=private_masks(scene)) as frames:
        for frame in frames:
            yield frame.at_s, eye.detect(frame.pixels)


def ways_of(frames: Iterable[tuple[float, Detections]], size_px: tuple[int, int]) -> list[Way]:
    """What was tracked, where the whole of it was in the picture."""
    tracker, seen, classes = Tracker(count(1)), defaultdict[int, list[tuple[float, float, float]]](list), dict[int, str]()
    for at_s, found in frames:
        for track in tracker.update(at_s, found):
            box = track.box
            if track.seen and track.hits > SETTLED and min(*box[:2], 1 - box.right, 1 - box.bottom) > EDGE:
                x, y = box.contact
                seen[track.id].append((x * size_px[0], y * size_px[1], (box.bottom - box.top) * size_px[1]))
                classes[track.id] = track.cls
    points = {number: np.array(places) for number, places in seen.items()}
    return [Way(classes[number], places[:, :2], places[:, 2]) for number, places in points.items()]


def write_calibration(path: Path, calibration: Calibration, rms_m: float) -> None:
    """Into the scene file, whole or not at all; all else in it, and the origin, stays. Raises SceneError."""
    _, text = load_scene(path)
    document = msgspec.json.decode(text)
    before = document.get("calibration") or {}
    kept = {"origin": before["origin"]} if before.get("origin") else {}
    pairs = [
        {"image": [round(v, 5) for v in one.image], "road_m": [round(v, 2) for v in one.road_m]} for one in calibration.pairs
    ]
    added: dict[str, Any] = {"pairs": pairs, "rms_m": round(rms_m, 3), "method": calibration.method}
    if calibration.scale_se:
        added["scale_se"] = round(calibration.scale_se, 4)
    laid = laid_out({**document, "calibration": {**added, **kept}})
    parse_scene(laid)
    with whole_file(path) as file:
        file.write(laid)


def laid_out(document: dict[str, Any]) -> bytes:
    """JSON that a person can read: a line for each key, and one for each thing in a list."""
    return ("{\n" + ",\n".join(f" {json.dumps(key)}: {_lines(value, 2)}" for key, value in document.items()) + "\n}\n").encode()


def _lines(value: Any, indent: int) -> str:
    margin, end = " " * indent, " " * (indent - 1)
    match value:
        case [{}, *_]:
            return "[\n" + ",\n".join(margin + json.dumps(one, ensure_ascii=False) for one in value) + f"\n{end}]"
        case {"pairs": _}:
            rows = (f"{margin}{json.dumps(key)}: {_lines(one, indent + 1)}" for key, one in value.items())
            return "{\n" + ",\n".join(rows) + f"\n{end}}}"
    return json.dumps(value, ensure_ascii=False)


def _worked_out(method: str, image: Array, road: Array, share: float) -> Calibration:
    """Pairs that a camera's model gives, with what its uncertainty does to speeds."""
    if len(image) < 4:
        raise Failure("calibration: less than four points of the stretch lie in the picture; look at more of the road")
    pairs = (Pair((float(u), float(v)), (float(x), float(y))) for (u, v), (x, y) in zip(image, road, strict=True))
    return msgspec.convert({"pairs": tuple(pairs), "method": method, "scale_se": min(1.0, share)}, Calibration)
