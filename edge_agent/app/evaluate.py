"""Scene folders with known truth -> scores: scene.json, truth.json, and detections.txt, clip.* or simulation.toml."""

import multiprocessing
import signal
from bisect import bisect_left
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from edge_agent.app.scenes import load_scene, private_masks, unseen_areas
from edge_agent.config import DetectorConfig
from edge_agent.core.failure import WrongInput
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.scoring import SceneScore, match_counts, match_incidents, match_shadow, match_speed
from edge_agent.core.truth_format import TrueSpeed, Truth, TruthError, parse_truth
from edge_agent.core.types import Detections, Frame, IncidentReport, PictureReading, TrafficMinute
from edge_agent.sources.clip import read_clip
from edge_agent.sources.recorded import read_detections
from edge_agent.sources.recorded_things import Looks, read_things, reading_of

Pictured = tuple[Frame, PictureReading | None]
INPUTS = "detections.txt, clip.* or simulation.toml"


class FolderError(WrongInput):
    """A folder that cannot be judged. The message names it and what it lacks."""


@dataclass(frozen=True, slots=True)
class Judged:
    folder: Path
    score: SceneScore


def find_folders(roots: list[Path]) -> list[Path]:
    """Every folder at or below `roots` that holds a truth.json, in order. Raises FolderError when there is none."""
    found = sorted({path.parent for root in roots for path in root.rglob("truth.json")})
    if not found:
        names = ", ".join(map(str, roots))
        raise FolderError(f"{names}: no scene folder found; one holds scene.json, truth.json and {INPUTS}")
    return found


def evaluate(
    folders: list[Path], detector: DetectorConfig, jobs: int, progress: Callable[[Judged], None] = lambda judged: None,
    shadow_model: DetectorConfig | None = None,
) -> list[Judged]:  # fmt: skip
    """Judge the folders, `jobs` at a time, in the order given. Raises what `judge` raises."""
    work = partial(judge, detector=detector, shadow_model=shadow_model)
    judged = []
    if jobs == 1 or len(folders) == 1:
        for folder in folders:
            judged.append(work(folder))
            progress(judged[-1])
        return judged
    workers = min(jobs, len(folders))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _leave_interrupts_to_the_parent) as pool:
        try:
            for one in pool.map(work, folders):
                judged.append(one)
                progress(one)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # whoever gave up does not wait for the scenes left
            raise
    return judged


def _leave_interrupts_to_the_parent() -> None:
    """Ctrl-C reaches every process of the terminal; one line about it is enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def judge(folder: Path, detector: DetectorConfig, shadow_model: DetectorConfig | None = None) -> Judged:
    """Run the pipeline over one folder and hold it against the truth; what is on trial beside it, too.

    Raises FolderError, SceneError, SourceError, ModelError.
    """
    scene, _ = load_scene(folder / "scene.json")
    try:
        truth = parse_truth((folder / "truth.json").read_bytes())
    except (OSError, TruthError) as error:
        raise FolderError(f"{folder / 'truth.json'}: {error}") from None
    pipeline, score = Pipeline(scene), SceneScore(truth.duration_s)
    reports: list[IncidentReport] = []
    minutes: list[TrafficMinute] = []
    speeds = sorted(truth.speeds, key=lambda one: one.t_s)
    frame_s = 1 / truth.fps
    for at_s, detections, reading in _observations(folder, scene, truth, detector):
        for said in pipeline.update(at_s, detections, reading):
            (reports if isinstance(said, IncidentReport) else minutes).append(said)  # type: ignore[arg-type]
        speeds = _judge_speeds(speeds, at_s, frame_s, pipeline, score)
    score.speed_misses += len(speeds)
    minutes += pipeline.flush()
    match_incidents(truth, (report for report in reports if report.shadow is None), scene.rules.durations_s(), score)
    if scene.shadow_rules is not None:
        on_trial = [report for report in reports if report.shadow is not None]
        kinds = scene.shadow_rules.other_than(scene.rules)
        score.shadow["rules"] = match_shadow(truth, on_trial, scene.shadow_rules.durations_s(), kinds)
    if shadow_model is not None:
        on_trial = _told_by(shadow_model, folder, scene, truth)
        kinds = frozenset((*score.kinds, *(report.kind for report in on_trial)))
        score.shadow["model"] = match_shadow(truth, on_trial, scene.rules.durations_s(), kinds)
    match_counts(truth, (line for minute in minutes for line in minute.lines), score)
    return Judged(folder, score)


def _judge_speeds(
    waiting: list[TrueSpeed], at_s: float, frame_s: float, pipeline: Pipeline, score: SceneScore
) -> list[TrueSpeed]:
    """Judge the true speeds whose time has come; the rest still waits."""
    due = bisect_left(waiting, at_s + frame_s / 2, key=lambda one: one.t_s)
    for one in waiting[:due]:
        match_speed(one, pipeline.road_users, score)
    return waiting[due:]


def _observations(
    folder: Path, scene: SceneFile, truth: Truth, detector: DetectorConfig
) -> Iterator[tuple[float, Detections, PictureReading | None]]:
    """Detections frame by frame: recorded ones where there are any, else what the detector sees in the clip, and what its
    pictures say of the camera."""
    recorded = folder / "detections.txt"
    if recorded.exists():
        looks = recorded_things(folder, scene)
        for index, (at_s, detections) in enumerate(recorded_detections(recorded, scene, truth)):
            yield at_s, detections, reading_of(looks[index]) if index in looks else None
        return
    from edge_agent.app.detecting import build_detector  # the runtime weighs: only where pixels are looked at

    pictures = _pictures(folder, scene, truth, INPUTS)
    eye = build_detector(detector)
    for frame, reading in pictures:
        yield frame.at_s, eye.detect(frame.pixels), reading


def _told_by(model: DetectorConfig, folder: Path, scene: SceneFile, truth: Truth) -> list[IncidentReport]:
    from edge_agent.app.shadow_model import ShadowModel

    pictures = _pictures(folder, scene, truth, "clip.* or simulation.toml: a model on trial looks at pixels")
    trial = ShadowModel(model, scene)
    return [report for frame, reading in pictures for report in trial.look(frame, reading)]


def _pictures(folder: Path, scene: SceneFile, truth: Truth, inputs: str) -> Iterator[Pictured]:
    """Frame by frame, with what it says of the camera. Raises FolderError, at once, that names `inputs` when there are none."""
    clips = [*sorted(folder.glob("clip.*")), *folder.glob("simulation.toml")]
    if not clips:
        raise FolderError(f"{folder}: holds no {inputs}; one of them is needed")
    return _filmed(clips[0], scene, truth.times_s)


def _filmed(clip: Path, scene: SceneFile, times_s: tuple[float, ...]) -> Iterator[Pictured]:
    """`times_s` are right where they are known: a clip's own rate is even."""
    from edge_agent.image_checks.check import PictureCheck

    check = PictureCheck(unseen_areas(scene))
    with closing(read_clip(clip, masks=private_masks(scene), camera=scene.camera)) as frames:
        for frame in frames:
            known = times_s[frame.index : frame.index + 1]
            timed = replace(frame, at_s=known[0]) if known else frame
            yield timed, check.look(timed.at_s, timed.pixels)


def recorded_things(folder: Path, scene: SceneFile) -> Looks:
    """What was seen to stand there, where that was kept beside the detections."""
    kept = folder / "foreground.txt"
    return read_things(kept, scene.ref_resolution) if kept.exists() else {}


def recorded_detections(path: Path, scene: SceneFile, truth: Truth) -> Iterator[tuple[float, Detections]]:
    frames = len(truth.times_s) or round(truth.duration_s * truth.fps)
    for at_s, index, detections in read_detections(path, scene.ref_resolution, truth.fps, frames):
        yield truth.times_s[index] if truth.times_s else at_s, detections
