"""What can be staged: the incidents, the hard negatives, and the camera's own troubles. `at_s` is when it begins to be one.

`at_m` is metres from the road's first point. A vehicle that is staged enters the road early enough to be there in time.
With `every_s` it happens again and again.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]
Moment = Annotated[float, Meta(ge=0, le=86_400)]
Duration = Annotated[float, Meta(gt=0, le=86_400)]
Along = Annotated[float, Meta(ge=0, le=2000)]
Speed = Annotated[float, Meta(gt=0, le=160)]
VehicleClass = Literal["bicycle", "bus", "car", "motorcycle", "truck"]


class _Staged(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    at_s: Moment
    every_s: Duration | None = None


class StoppedVehicle(_Staged, frozen=True, tag="stopped_vehicle"):
    """A vehicle stops on its lane and goes on after `seconds`."""

    lane: Id
    at_m: Along
    seconds: Duration = 40.0
    vehicle: VehicleClass = "car"


class Breakdown(_Staged, frozen=True, tag="breakdown"):
    """Hard negative: a vehicle leaves its lane and stands on the strip to the right of it."""

    lane: Id
    at_m: Along
    seconds: Duration = 40.0
    vehicle: VehicleClass = "car"


class IllegalParking(_Staged, frozen=True, tag="illegal_parking"):
    """A vehicle parks on the strip beside the lane, where nobody may stop (`no_stop`)."""

    lane: Id
    at_m: Along
    seconds: Duration = 90.0
    vehicle: VehicleClass = "car"


class BusStop(_Staged, frozen=True, tag="bus_stop"):
    """Hard negative: a bus at its stop, in the bay beside the lane."""

    lane: Id
    at_m: Along
    seconds: Duration = 25.0


class WrongWay(_Staged, frozen=True, tag="wrong_way"):
    """A vehicle drives the whole lane against its direction, `beside_m` from its middle; `at_s` is when it passes `at_m`."""

    lane: Id
    at_m: Along
    speed_kmh: Speed = 45.0
    vehicle: VehicleClass = "car"
    beside_m: Annotated[float, Meta(ge=-4, le=4)] = 0.0


class Pedestrian(_Staged, frozen=True, tag="pedestrian"):
    """Somebody crosses the carriageway at `at_m` (not on a zebra), and pauses `pause_s` in the middle of it."""

    road: Id
    at_m: Along
    speed_m_s: Annotated[float, Meta(gt=0.2, le=4)] = 1.3
    pause_s: Annotated[float, Meta(ge=0, le=600)] = 0.0
    from_left: bool = False


class Queue(_Staged, frozen=True, tag="queue"):
    """The lane is blocked at `at_m` for `seconds`: a queue forms before it, and dissolves."""

    lane: Id
    at_m: Along
    seconds: Duration = 90.0


class Crash(_Staged, frozen=True, tag="crash"):
    """A vehicle brakes to a stop at `at_m`, and the one behind runs into it. Both stand for `seconds`."""

    lane: Id
    at_m: Along
    seconds: Duration = 60.0
    vehicle: VehicleClass = "car"
    follower: VehicleClass = "car"


class LostLoad(_Staged, frozen=True, tag="lost_load"):
    """A thing of `size_m` lies on the lane from now on, until `seconds` later somebody takes it away."""

    lane: Id
    at_m: Along
    seconds: Duration = 90.0
    size_m: Annotated[float, Meta(ge=0.2, le=3)] = 0.9


class SlowVehicle(_Staged, frozen=True, tag="slow_vehicle"):
    """Hard negative where a lane has no lowest speed: somebody drives `speed_kmh` all along; `at_s`: when he passes `at_m`."""

    lane: Id
    at_m: Along
    speed_kmh: Speed = 15.0
    vehicle: VehicleClass = "truck"


class Speeder(_Staged, frozen=True, tag="speeder"):
    """Somebody drives `speed_kmh` all along, past everybody; `at_s` is when he passes `at_m`."""

    lane: Id
    at_m: Along
    speed_kmh: Speed = 110.0
    vehicle: VehicleClass = "car"


class Cloud(_Staged, frozen=True, tag="cloud"):
    """Hard negative: a cloud's shadow of `share` of the sunlight wanders over the road within `seconds`."""

    seconds: Duration = 20.0
    share: Annotated[float, Meta(gt=0, le=0.9)] = 0.5


class CameraTrouble(_Staged, frozen=True, tag="camera"):
    """The camera itself, for `seconds` (None: for good). `amount` 0..1: how much of it; of `moved` the share of the width."""

    trouble: Literal["moved", "covered", "blurred", "frozen", "black", "overexposed", "shaken"]
    seconds: Duration | None = None
    amount: Annotated[float, Meta(gt=0, le=1)] = 1.0


Staged = (
    StoppedVehicle
    | Breakdown
    | IllegalParking
    | BusStop
    | WrongWay
    | Pedestrian
    | Queue
    | Crash
    | LostLoad
    | SlowVehicle
    | Speeder
    | Cloud
    | CameraTrouble
)
