"""What the running agent answers when a technician asks what a camera saw last, or how the device is."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from edge_agent.core.health.snapshot import Health
from edge_agent.detectors.catalogue import Model
from edge_agent.field.desk import Desk
from edge_agent.field.recall import Asked, AskedHealth, Question, Recalled, packed
from edge_agent.field.recent import Recent


def build_desk(
    data_dir: Path, recent: Recent, scenes: Mapping[str, bytes], model: Model, health: Callable[[], Health]
) -> Desk:
    """`scenes`: each camera's scene file as the agent read it."""

    def recalled(asked: Asked) -> Recalled:
        scene = scenes.get(asked.camera)
        if scene is None:
            return Recalled(refused=f"the running agent has no camera {asked.camera!r}; has its configuration changed?")
        frames = recent.since(asked.camera, time.monotonic() - asked.last_s)
        if not frames:
            return Recalled(refused=f"camera {asked.camera}: no frame in the last {asked.last_s:g} s")
        return Recalled(None, scene, model.name, model.sha256, tuple(packed(*frame) for frame in frames))

    def answer(line: bytes) -> bytes:
        question: Question = msgspec.json.decode(line, type=Question)
        match question:
            case Asked() as asked:
                return msgspec.msgpack.encode(recalled(asked))
            case AskedHealth():
                return msgspec.msgpack.encode(health())

    return Desk(data_dir, answer)
