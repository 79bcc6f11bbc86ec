"""Recorded detections -> the events that they give, into a file: what a golden folder is held against."""

from collections.abc import Iterable
from pathlib import Path

from edge_agent.app.analyse import STREAM, Analysis, media_voice
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Detections
from edge_agent.core.wire import outgoing
from edge_agent.sinks.jsonl import EventFile


def replay(scene: SceneFile, frames: Iterable[tuple[float, Detections]], into: Path) -> Analysis:
    """The same frames give the same file, for ever and everywhere."""
    pipeline, found = Pipeline(scene), Analysis()
    voice = media_voice(scene.camera, 0.0, pipeline)
    with EventFile(into, "clip", STREAM) as events:
        for at_s, detections in frames:
            said = pipeline.update(at_s, detections)
            found.add(said)
            events.append(outgoing(one, voice) for one in said)
            found.frames += 1
            found.duration_s = at_s
        last = pipeline.flush()
        found.add([*last])
        events.append(outgoing(one, voice) for one in last)
        found.events = events.written
    return found
