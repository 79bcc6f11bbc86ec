"""Who and what is on the road at one moment, for whoever draws it, boxes it or judges it. Metres, seconds, radians."""

from typing import Literal

from msgspec import Struct

BodyClass = Literal["bicycle", "bus", "car", "motorcycle", "person", "truck", "object"]
Shown = Literal["red", "amber", "green"]


class Body(Struct, frozen=True, gc=False):
    """`x_m`, `y_m` is the middle of its footprint; `heading` turns from +x to +y (its front looks along (cos, sin)).

    `look` is a random number that colour and shape are chosen by, the same as long as it lives. A motorcycle or bicycle
    includes its rider: height_m is to the top of his head. `object` is a lost load.
    """

    id: int
    cls: BodyClass
    x_m: float
    y_m: float
    heading: float
    speed_m_s: float
    length_m: float
    width_m: float
    height_m: float
    look: int
    braking: bool = False
    hazard: bool = False  # its hazard lights blink
    lane: str | None = None  # the lane that its middle is on
    along_m_s: float = 0.0  # speed in that lane's legal direction, negative = against it
    strip_no_stop: bool = False  # its middle is on a strip where nobody may stop
    crash: int = 0  # the number of the collision that it is part of


class Snapshot(Struct, frozen=True):
    """The road at `t_s`; `signals` by id."""

    t_s: float
    bodies: tuple[Body, ...]
    signals: dict[str, Shown]


# length, width, height in metres (SD 4 % each, drawn once per road user)
SIZE_M: dict[BodyClass, tuple[float, float, float]] = {
    "bicycle": (1.75, 0.6, 1.7),
    "bus": (11.0, 2.5, 3.1),
    "car": (4.4, 1.8, 1.5),
    "motorcycle": (1.95, 0.75, 1.65),
    "person": (0.45, 0.6, 1.68),
    "truck": (8.0, 2.45, 3.2),
    "object": (0.9, 0.9, 0.7),
}
