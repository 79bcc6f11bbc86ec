"""A clip from its first to its last frame: what happened in it? As fast as possible, in media time, without loss."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.app.detecting import build_detector
from edge_agent.app.gate import build_gate
from edge_agent.app.reaching import far_marks, reach_of
from edge_agent.app.scenes import load_scene, private_masks, unseen_areas
from edge_agent.app.shadow_model import ShadowModel
from edge_agent.config import AttentionConfig, DetectorConfig
from edge_agent.core.failure import WrongInput
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.types import IncidentReport, TrafficMinute
from edge_agent.core.wire import Voice, outgoing
from edge_agent.field.annotate import AnnotatedVideo
from edge_agent.image_checks.check import PictureCheck
from edge_agent.sinks.jsonl import EventFile
from edge_agent.sources.clip import read_clip
from event_contract.messages import Clock

RUN = "00000000"  # a recorded clip gives the same ids every time
STREAM = "00000000-0000-4000-8000-000000000000"
EVERY_FRAME = AttentionConfig(enabled=False)
Progress = Callable[[int, int | None], None]


@dataclass(slots=True)
class Analysis:
    """What was found. `duration_s` is media time."""

    frames: int = 0
    looks: int = 0  # frames that the detector looked at
    duration_s: float = 0.0
    incidents: list[IncidentReport] = field(default_factory=list)  # every report, in order
    shadows: list[IncidentReport] = field(default_factory=list)  # of what is on trial
    minutes: list[TrafficMinute] = field(default_factory=list)
    events: int = 0

    def add(self, said: Sequence[IncidentReport | TrafficMinute]) -> None:
        for one in said:
            if isinstance(one, IncidentReport):
                (self.incidents if one.shadow is None else self.shadows).append(one)
            else:
                self.minutes.append(one)


def analyse(
    clip: Path,
    scene_path: Path,
    *,
    detector: DetectorConfig,
    shadow_model: DetectorConfig | None = None,
    attention: AttentionConfig = EVERY_FRAME,
    fps: float | None = None,
    width: int | None = None,
    reverse: bool = False,
    out: Path | None = None,
    annotate: Path | None = None,
    start_s: float = 0.0,
    progress: Progress = lambda done, expected: None,
) -> Analysis:
    """`start_s`: the clip's first frame in Unix seconds. Raises SourceError, SceneError, ModelError, WrongInput."""
    for output in filter(None, (out, annotate)):
        _check_output(output, clip, scene_path, *(other for other in (out, annotate) if other is not output))
    scene, _ = load_scene(scene_path)
    eye = build_detector(detector)
    pipeline, check, gate = Pipeline(scene), PictureCheck(unseen_areas(scene)), build_gate(attention, scene)
    trials = [] if shadow_model is None else [ShadowModel(shadow_model, scene)]
    voice = media_voice(scene.camera, start_s, pipeline)
    found = Analysis()
    with ExitStack() as stack:
        frames = stack.enter_context(
            read_clip(clip, fps=fps, width=width, reverse=reverse, masks=private_masks(scene), camera=scene.camera)
        )
        shown_fps = min(fps or frames.fps, frames.fps)
        events = None if out is None else stack.enter_context(EventFile(out, "clip", STREAM))
        far = [*far_marks(reach_of(pipeline.scene, (frames.width, frames.height), eye.input_px))]
        video = None if annotate is None else stack.enter_context(AnnotatedVideo(annotate, shown_fps, scene, far))

        def tell(said: Sequence[IncidentReport | TrafficMinute]) -> None:
            found.add(said)
            if events is not None:
                events.append(outgoing(one, voice) for one in said)

        for frame in frames:
            wanted = gate.opens(frame, pipeline.presence)
            detections = eye.detect(frame.pixels) if wanted else None
            reading = check.look(frame.at_s, frame.pixels)
            said = pipeline.update(frame.at_s, detections, reading)
            tell([*said, *(one for trial in trials for one in trial.look(frame, reading))])
            found.looks += wanted
            if video is not None:
                video.write(frame, pipeline.road_users, pipeline.open_incidents.values())
            found.frames += 1
            found.duration_s = frame.at_s
            progress(found.frames, frames.expected)
        tell(pipeline.flush())
    found.events = 0 if events is None else events.written
    return found


def _check_output(output: Path, *others: Path | None) -> None:
    """An output is none of the inputs, and there is a folder to put it into."""
    if any(other is not None and output.resolve() == other.resolve() for other in others):
        raise WrongInput(f"{output}: would be overwritten by what is found in it; name another file for the output")
    if output.is_dir():
        raise WrongInput(f"{output}: is a folder; name a file in it")
    if not output.absolute().parent.is_dir():
        raise WrongInput(f"{output}: there is no folder {output.absolute().parent}; make it first")


def media_voice(camera: str, start_s: float, pipeline: Pipeline) -> Voice:
    """Media time is exact and belongs to no clock: not synchronised, and `mono_s` is the time in the clip."""
    return Voice(
        run=RUN,
        camera=camera,
        wall_s=lambda at_s: start_s + at_s,
        clock=lambda at_s: Clock(mono_s=round(at_s, 3), boot=RUN, synced=False, error_ms=None),
        origin=pipeline.origin,
    )
