"""Whether a camera's next frame goes to the detector: what its picture says of change, and what the rule on it decides."""

from edge_agent.app.scenes import road_areas, unseen_areas
from edge_agent.config import AttentionConfig
from edge_agent.core.attention import Attention, Presence
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Frame
from edge_agent.image_checks.change import ChangeCheck


class Gate:
    """One camera's. `opens` is asked of every frame, in order; `presence` is the pipeline's."""

    def __init__(self, config: AttentionConfig, scene: SceneFile) -> None:
        self._attention = Attention(config.idle_every_s, config.standing_every_s)
        self._change = ChangeCheck(road_areas(scene), unseen_areas(scene))

    def opens(self, frame: Frame, presence: Presence) -> bool:
        changed = presence != "blind" and self._change.has_changed(frame.pixels)
        wanted = self._attention.wants(frame.at_s, changed, presence)
        if wanted:
            self._change.mark()
        return wanted


class OpenGate:
    """Every frame of a camera that sees goes through."""

    def opens(self, frame: Frame, presence: Presence) -> bool:
        return presence != "blind"


def build_gate(config: AttentionConfig, scene: SceneFile) -> Gate | OpenGate:
    return Gate(config, scene) if config.enabled else OpenGate()
