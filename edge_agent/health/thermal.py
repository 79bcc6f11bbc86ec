"""The kernel's thermal zones and what it slows down to cool them.

Documentation/ABI/testing/sysfs-class-thermal: temperatures in thousandths of a degree; `cur_state` of a cooling device is 0
while it does nothing.
"""

import re
from pathlib import Path

from edge_agent.health.files import read_number, read_text

SENSIBLE_C = (-40.0, 125.0)  # what a sensor can say; the Jetson Nano's PMIC-Die says 100 for ever, so it is left out by name
CONSTANT = re.compile(r"pmic", re.IGNORECASE)
SLOWS_DOWN = re.compile(r"cpufreq|devfreq|throttle|^processor$", re.IGNORECASE)  # not a fan, which cools without a price
LOWEST_TRIP_C = 70.0  # below this stand the trip points that only turn a fan on
PASSIVE = ("passive", "hot")  # trip points from which the kernel slows the board down


def nearest_to_limit(sys_dir: Path, usual_c: float) -> tuple[float | None, float]:
    """Degrees, and those from which the kernel slows the board down, of the zone that has least to go; `usual_c` where a zone
    does not tell its limit."""
    zones = [(degrees, _limit_c(zone) or usual_c) for zone in _zones(sys_dir) if (degrees := _degrees(zone)) is not None]
    return min(zones, key=lambda zone: zone[1] - zone[0], default=(None, usual_c))


def slowed_down(sys_dir: Path) -> bool | None:
    """None where nothing would tell."""
    devices = sorted(sys_dir.glob("class/thermal/cooling_device*"))
    states = [read_number(one / "cur_state") for one in devices if SLOWS_DOWN.search(read_text(one / "type") or "")]
    known = [state for state in states if state is not None]
    return any(state > 0 for state in known) if known else None


def _zones(sys_dir: Path) -> list[Path]:
    zones = sorted(sys_dir.glob("class/thermal/thermal_zone*"))
    return [zone for zone in zones if not CONSTANT.search(read_text(zone / "type") or "")]


def _degrees(zone: Path) -> float | None:
    thousandths = read_number(zone / "temp")
    degrees = None if thousandths is None else thousandths / 1000
    return degrees if degrees is not None and SENSIBLE_C[0] <= degrees <= SENSIBLE_C[1] else None


def _limit_c(zone: Path) -> float | None:
    kinds = sorted(zone.glob("trip_point_*_type"))
    trips = [read_number(kind.with_name(kind.name.replace("_type", "_temp"))) for kind in kinds if read_text(kind) in PASSIVE]
    return min((trip / 1000 for trip in trips if trip is not None and trip >= 1000 * LOWEST_TRIP_C), default=None)
