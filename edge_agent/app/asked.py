"""What the running agent answers when a technician asks what a camera saw last."""

import time
from collections.abc import Mapping
from pathlib import Path

from edge_agent.detectors.catalogue import Model
from edge_agent.field.recall import Asked, RecallDesk, Recalled, packed
from edge_agent.field.recent import Recent


def recall_desk(data_dir: Path, recent: Recent, scenes: Mapping[str, bytes], model: Model) -> RecallDesk:
    """`scenes`: each camera's scene file as the agent read it."""

    def answer(asked: Asked) -> Recalled:
        scene = scenes.get(asked.camera)
        if scene is None:
            return Recalled(refused=f"the running agent has no camera {asked.camera!r}; has its configuration changed?")
        frames = recent.since(asked.camera, time.monotonic() - asked.last_s)
        if not frames:
            return Recalled(refused=f"camera {asked.camera}: no frame in the last {asked.last_s:g} s")
        return Recalled(None, scene, model.name, model.sha256, tuple(packed(*frame) for frame in frames))

    return RecallDesk(data_dir, answer)
