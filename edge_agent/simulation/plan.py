"""`simulation.toml`: a road, its traffic, what happens on it, and the camera that looks. Validated once; errors name the key.

Metres are the road plane's: x to the right, y away from the mast, z up; the mast's foot is [0, 0] unless the camera says
otherwise. Seconds count from the first picture.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from edge_agent.core.failure import WrongInput
from edge_agent.simulation.script import Staged
from event_contract.explain import validate

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]
Positive = Annotated[float, Meta(gt=0, le=10_000)]
NotNegative = Annotated[float, Meta(ge=0, le=1_000_000)]
Metre = Annotated[float, Meta(ge=-2000, le=2000)]
Side = Annotated[int, Meta(ge=160, le=1920)]
VehicleClass = Literal["bicycle", "bus", "car", "motorcycle", "truck"]
Limits = dict[VehicleClass | Literal["default"], Annotated[float, Meta(gt=0, le=300)]]
Light = Literal["day", "dusk", "night"]
Weather = Literal["clear", "rain", "fog"]
StripKind = Literal["shoulder", "parking", "bus_bay", "sidewalk", "median", "verge"]


class PlanError(WrongInput):
    """A simulation that cannot be run. The message names file, key, value and what was expected."""


class CameraPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A pinhole on a mast. `pan_deg` turns to the right, `tilt_deg` down; `focal_px` belongs to `size_px`."""

    size_px: tuple[Side, Side] = (640, 360)
    focal_px: Annotated[float, Meta(ge=100, le=8000)] = 700.0
    height_m: Annotated[float, Meta(ge=2, le=60)] = 8.0
    tilt_deg: Annotated[float, Meta(ge=2, le=85)] = 12.0
    pan_deg: Annotated[float, Meta(ge=-80, le=80)] = 0.0
    x_m: Metre = 0.0
    y_m: Metre = 0.0
    shake_px: Annotated[float, Meta(ge=0, le=20)] = 0.0  # SD of the wind's trembling
    noise: Annotated[float, Meta(ge=0, le=40)] = 2.5  # SD of the sensor's noise in grey levels
    jpeg_quality: Annotated[int, Meta(ge=20, le=100)] = 80  # compression of what the camera sends


class Strip(Struct, frozen=True, forbid_unknown_fields=True):
    """What lies beside the lanes, from the lanes outwards. `occupied`: the share of a parking strip's places that are taken."""

    kind: StripKind
    width_m: Positive
    no_stop: bool = False
    occupied: Annotated[float, Meta(ge=0, le=1)] = 0.0


class LanePlan(Struct, frozen=True, forbid_unknown_fields=True):
    """`flow_per_h`: how many of each class enter in an hour. `against` lanes run from the road's last point to its first."""

    id: Id
    width_m: Annotated[float, Meta(ge=1.5, le=8)] = 3.5
    against: bool = False
    two_way: bool = False
    speed_kmh: Annotated[float, Meta(ge=5, le=160)] = 50.0
    speed_limit_kmh: Limits | None = None
    min_speed_kmh: Limits | None = None
    flow_per_h: dict[VehicleClass, NotNegative] = field(default_factory=dict)


class Approach(Struct, frozen=True, forbid_unknown_fields=True):
    """A signal's stop line across one direction of a road; `stop_m` is metres from the road's first point."""

    signal: Id
    stop_m: NotNegative
    against: bool = False


class RoadPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """`points_m`: the middle of the carriageway. Lanes are told from left to right, seen along it; strips from the
    lanes outwards."""

    id: Id
    points_m: Annotated[tuple[tuple[Metre, Metre], ...], Meta(min_length=2, max_length=32)]
    lanes: Annotated[tuple[LanePlan, ...], Meta(min_length=1, max_length=8)]
    left: tuple[Strip, ...] = ()
    right: tuple[Strip, ...] = ()
    approaches: tuple[Approach, ...] = ()


class SignalPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """Green within [from, to) seconds of every cycle, then 3 s amber, else red."""

    id: Id
    cycle_s: Annotated[float, Meta(ge=10, le=600)] = 60.0
    green_s: tuple[NotNegative, NotNegative] = (0.0, 27.0)


class Crossing(Struct, frozen=True, forbid_unknown_fields=True):
    """A zebra across a road, centred at `at_m` of it. With `signal` people walk while it shows red to the traffic."""

    id: Id
    road: Id
    at_m: NotNegative
    width_m: Positive = 4.0
    people_per_h: NotNegative = 0.0
    signal: Id | None = None


class Building(Struct, frozen=True, forbid_unknown_fields=True):
    """A box on the ground: its middle, its sides along x and y, its height."""

    at_m: tuple[Metre, Metre]
    size_m: tuple[Positive, Positive, Positive]


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """Where [0, 0] lies on the earth; `bearing_deg` is the compass bearing of +y."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    bearing_deg: float = 0.0


class Simulation(Struct, frozen=True, forbid_unknown_fields=True):
    name: Id
    roads: Annotated[tuple[RoadPlan, ...], Meta(min_length=1, max_length=8)]
    camera: CameraPlan = field(default_factory=CameraPlan)
    seed: Annotated[int, Meta(ge=0, le=2**53)] = 1
    fps: Annotated[float, Meta(ge=2, le=30)] = 10.0
    duration_s: Annotated[float, Meta(gt=0, le=86_400)] = 120.0
    warm_up_s: Annotated[float, Meta(ge=0, le=600)] = 90.0  # the traffic runs before the first picture
    light: Light = "day"
    weather: Weather = "clear"
    signals: tuple[SignalPlan, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    buildings: Annotated[tuple[Building, ...], Meta(max_length=64)] = ()
    script: Annotated[tuple[Staged, ...], Meta(max_length=256)] = ()
    origin: Origin | None = None


def load_plan(path: Path) -> Simulation:
    """Read and validate the file. Raises PlanError that begins with the path."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanError(f"{path}: cannot be read ({error.strerror}); name a simulation.toml") from None
    except UnicodeDecodeError:
        raise PlanError(f"{path}: is not a text file; expected TOML in UTF-8") from None
    try:
        return parse_plan(text)
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from None


def parse_plan(text: str) -> Simulation:
    """TOML -> Simulation. Raises PlanError naming the key."""
    try:
        plan: Simulation = validate(tomllib.loads(text), Simulation)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"is not valid TOML: {error}") from None
    except ValueError as error:
        raise PlanError(str(error)) from None
    _check_ids(plan)
    _check_references(plan)
    return plan


def _check_ids(plan: Simulation) -> None:
    """Ids must differ where somebody refers to them; lanes across all roads."""
    named = [
        ("roads", [road.id for road in plan.roads]),
        ("roads[].lanes", [lane.id for road in plan.roads for lane in road.lanes]),
        ("signals", [signal.id for signal in plan.signals]),
        ("crossings", [crossing.id for crossing in plan.crossings]),
    ]
    for key, ids in named:
        for index, one in enumerate(ids):
            if one in ids[:index]:
                raise PlanError(f"{key}: id {one!r} is used twice; ids must differ")


def _check_references(plan: Simulation) -> None:
    roads, signals = {road.id for road in plan.roads}, {signal.id for signal in plan.signals}
    lanes = {lane.id for road in plan.roads for lane in road.lanes}
    for i, road in enumerate(plan.roads):
        for j, approach in enumerate(road.approaches):
            if approach.signal not in signals:
                raise PlanError(f"roads[{i}].approaches[{j}].signal: no signal is called {approach.signal!r}")
    for i, crossing in enumerate(plan.crossings):
        if crossing.road not in roads:
            raise PlanError(f"crossings[{i}].road: no road is called {crossing.road!r}")
        if crossing.signal is not None and crossing.signal not in signals:
            raise PlanError(f"crossings[{i}].signal: no signal is called {crossing.signal!r}")
    for i, signal in enumerate(plan.signals):
        if not signal.green_s[0] < signal.green_s[1] <= signal.cycle_s:
            raise PlanError(f"signals[{i}].green_s: expected from < to <= {signal.cycle_s:g}, got {list(signal.green_s)}")
    for i, staged in enumerate(plan.script):
        lane, road_id = getattr(staged, "lane", None), getattr(staged, "road", None)
        if lane is not None and lane not in lanes:
            raise PlanError(f"script[{i}].lane: no lane is called {lane!r}; known are {', '.join(sorted(lanes))}")
        if road_id is not None and road_id not in roads:
            raise PlanError(f"script[{i}].road: no road is called {road_id!r}; known are {', '.join(sorted(roads))}")
