"""Where the city's own video system shows what an alert tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.config.evidence import CameraLink, Evidence
from collector.core import deep_link
from collector.core.alerts import Alert


@dataclass(frozen=True, slots=True)
class DeepLinks:
    """By the configuration; a camera's own template wins over its device's, and that over everybody's."""

    evidence: Evidence = field(default_factory=Evidence)
    utc_offset_h: float = 7.0

    def of(self, alert: Alert, started_s: float) -> str | None:
        template = _chosen(self.evidence.links, alert) or self.evidence.link
        if template is None:
            return None
        names = {
            "device": alert.device,
            "camera": alert.camera,
            "site": alert.site,
            "lane": alert.lane,
            "kind": alert.kind,
            "alert": alert.id,
        }
        return deep_link.fill(template, names, max(0.0, started_s - self.evidence.lead_s), self.utc_offset_h)


def _chosen(links: Sequence[CameraLink], alert: Alert) -> str | None:
    fitting = [one for one in links if one.device == alert.device and one.camera in (None, alert.camera)]
    return max(fitting, key=lambda one: one.camera is not None).link if fitting else None
