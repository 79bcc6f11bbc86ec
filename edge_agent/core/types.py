"""What flows from a frame to an event. Boxes are normalised image coordinates (0..1, origin top left, y down)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from event_contract.kinds import Phase, Severity

# COCO ids that matter -> road-user class. Everything else a detector may say is not a road user.
CLASS_OF_COCO = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
COCO_OF_CLASS = {name: number for number, name in CLASS_OF_COCO.items()}
TWO_WHEELERS = ("bicycle", "motorcycle")


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def contact(self) -> tuple[float, float]:
        """The wheel-contact point: the middle of the bottom edge."""
        return (self.left + self.right) / 2, self.bottom


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture. `pixels` is BGR uint8 (height, width, 3), read-only; `at_s` is media or monotonic time in seconds."""

    camera: str
    index: int  # from 0, counts decoded frames, dropped ones included
    at_s: float
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector sees in one frame, as arrays of equal length n, best score first.

    boxes (n, 4) float32 left, top, right, bottom, normalised; scores (n,) float32; classes (n,) int32 COCO ids.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.scores)


NO_DETECTIONS = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32))


@dataclass(frozen=True, slots=True)
class Track:
    """One road user in the image plane. `cls` is the vote over the track; `seen` is False while it is only predicted.

    `box` is the detection's own where it is seen, the predicted one elsewhere.
    """

    id: int
    box: Box
    cls: str
    score: float
    seen: bool
    hits: int  # detections matched since the track began
    ridden: float = 0.0  # share of its votes that are for a two-wheeler


@dataclass(frozen=True, slots=True)
class RoadUser:
    """A track on the road.

    `plane_m` are metres for the rules: the road plane where the scene is calibrated, else steps scaled by class heights;
    `scale` (a, b, c, d) turns an image step there into metres: (a dx + b dy, c dx + d dy). `pace_kmh` and `along_kmh` (in the
    lane's legal direction, negative = against it) are in those metres. What is published, `road_m` and `speed_kmh`, is None
    outside the calibrated stretch and while too little has been seen. `scale_se`: the share by which the calibration may be off
    there, one standard error; it is part of `pace_se_kmh`, and all road users have it in common.
    """

    track: Track
    point: tuple[float, float]
    lane: str | None
    road_m: tuple[float, float] | None
    plane_m: tuple[float, float]
    scale: tuple[float, float, float, float]
    pace_kmh: float | None
    pace_se_kmh: float | None
    along_kmh: float | None
    calibrated: bool
    scale_se: float = 0.0

    @property
    def speed_kmh(self) -> float | None:
        return self.pace_kmh if self.calibrated else None

    @property
    def speed_se_kmh(self) -> float | None:
        """The standard error of `speed_kmh`."""
        return self.pace_se_kmh if self.calibrated else None


@dataclass(frozen=True, slots=True)
class StandingView:
    """What stands before the camera, against what stood there. `shift`: how far it lies beside it, in normalised image
    coordinates; `certainty` of it: 4 to 5 is what unrelated pictures reach, 7 to 40 the same road in any light.
    `flat`: share of the places with structure that have none now. `detail`: how much of the fine structure is left (1: all)."""

    flat: float
    detail: float
    shift: tuple[float, float]
    certainty: float


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that stands in the picture and did not stand there before, whatever it is. `box` is around its edges;
    `stands_s`: for how long they have been the same, 60 at most; `strength` of them, 0..1."""

    box: Box
    stands_s: float
    strength: float


@dataclass(frozen=True, slots=True)
class PictureReading:
    """What one picture says of its camera. Grey levels are 0..255, shares 0..1; `still_s`: for how long it has been the same
    picture. `standing` is None while nothing is known yet of what stands there, `things` where nobody looked for them."""

    brightest: float  # 99th percentile
    darkest: float  # 1st percentile
    burnt: float  # share of pixels that are as good as white
    contrast: float  # standard deviation
    still_s: float
    standing: StandingView | None
    things: tuple[Thing, ...] | None = None


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """One thing an incident says: it began, it changed, it ended. Times are on the frame's clock, in seconds."""

    kind: str
    phase: Phase
    number: int  # n of the incident's id <run>/<camera>/<n>
    revision: int
    camera: str
    lane: str | None
    severity: Severity
    confidence: float
    started_s: float
    updated_s: float
    ended_s: float | None
    box: Box | None
    road_m: tuple[float, float] | None
    road_users: tuple[RoadUser, ...]
    rule_version: int
    detail: dict[str, str | float | int]
    shadow: str | None = None  # what is on trial: `rules`, or a detector's model; its numbers are its own, and it is no alarm


@dataclass(frozen=True, slots=True)
class LaneTraffic:
    lane: str
    counts: dict[str, int]
    mean_kmh: float | None
    p85_kmh: float | None
    speed_se_kmh: float | None
    occupancy: float
    headway_s: float | None
    queue_m: float | None


@dataclass(frozen=True, slots=True)
class LineTraffic:
    line: str
    forward: dict[str, int]
    backward: dict[str, int]


@dataclass(frozen=True, slots=True)
class TrafficMinute:
    camera: str
    from_s: float
    to_s: float
    lanes: tuple[LaneTraffic, ...]
    lines: tuple[LineTraffic, ...]
