"""What lights the road by day, dusk and night, in clear air, rain and fog; and the clouds that wander over it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.plan import Light, Simulation, Weather
from edge_agent.simulation.script import Cloud
from edge_agent.simulation.staged import since

Array = NDArray[np.float64]
SUN = np.array([-0.48, -0.42, 0.77]) / np.linalg.norm([-0.48, -0.42, 0.77])  # to the sun: from the left, behind the mast
LAMP_COLOUR = np.array([0.5, 0.78, 1.0])  # BGR of a street lamp
LAMP_REACH_M = 7.5
CLOUD_SIZE_M = 90.0  # how far one reaches, and the softness of its edge
CLOUD_EDGE_M = 25.0
CLOUD_COURSE = np.array([0.45, 0.89])


@dataclass(frozen=True, slots=True)
class Lighting:
    """Light multiplies a surface's colour. Colours are BGR; `haze_per_m` is the extinction of the air towards `haze`."""

    sun: Array
    sky: Array
    zenith: Array
    horizon: Array
    haze: Array
    haze_per_m: float
    lamps: float  # the street lamps' strength
    lamps_on: bool  # vehicles have their lamps on
    wet: bool

    @property
    def sun_share(self) -> float:
        """The sun's part of the light on level ground, 0..1."""
        direct = float(self.sun.mean()) * float(SUN[2])
        return direct / (direct + float(self.sky.mean()))


def lighting_of(plan: Simulation) -> Lighting:
    sun, sky, zenith, horizon, lamps = _LIGHTS[plan.light]
    veil, haze_per_m, grey = _WEATHERS[plan.weather]
    top, low = np.array(zenith, float), np.array(horizon, float)
    level = float(low.mean())
    haze = (1 - grey) * low + grey * level * np.array([1.0, 0.99, 0.97])
    return Lighting(
        sun=np.array(sun) * (1 - veil),
        sky=np.array(sky) + 0.3 * veil * np.array(sun),
        zenith=(1 - grey) * top + grey * 0.92 * haze,
        horizon=haze,
        haze=haze,
        haze_per_m=haze_per_m,
        lamps=lamps,
        lamps_on=plan.light != "day" or plan.weather != "clear",
        wet=plan.weather == "rain",
    )


_LIGHTS: dict[Light, tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], tuple[float, ...], float]] = {
    # sun, sky, the sky's colour above and at the horizon, street lamps
    "day": ((0.70, 0.75, 0.79), (0.50, 0.46, 0.43), (222, 172, 118), (240, 226, 208), 0.0),
    "dusk": ((0.04, 0.07, 0.10), (0.44, 0.36, 0.33), (150, 104, 84), (150, 158, 196), 0.35),
    "night": ((0.0, 0.0, 0.0), (0.085, 0.07, 0.06), (26, 18, 14), (48, 42, 40), 0.6),
}
_WEATHERS: dict[Weather, tuple[float, float, float]] = {  # the sun's part that is gone, haze for each metre, greyness
    "clear": (0.0, 0.0007, 0.0),
    "rain": (1.0, 0.005, 0.9),
    "fog": (0.95, 0.022, 1.0),
}


def lamplight(points_m: Array, lamps_m: Array, strength: float) -> Array:
    """Light of the street lamps (k, 3) on the points (n, 2) of the road, (n, 3)."""
    light = np.zeros(len(points_m))
    for x, y, z in lamps_m if strength > 0 else ():
        far = ((points_m - (x, y)) ** 2).sum(axis=1) / LAMP_REACH_M**2
        light += (z / 9.0) / (1 + far) ** 1.6
    return np.asarray(strength * light[:, None] * LAMP_COLOUR)


class Clouds:
    """How much of the sunlight a staged cloud takes away, by place and time. A cloud's front comes from behind the mast."""

    def __init__(self, plan: Simulation) -> None:
        self._clouds = [staged for staged in plan.script if isinstance(staged, Cloud)]

    def shade(self, along_m: Array, t_s: float) -> Array | None:
        """Share of the sunlight that is gone, by metres along CLOUD_COURSE from the mast; None while there is no cloud."""
        shade = np.zeros(len(along_m))
        for cloud in self._clouds:
            passed = since(cloud, t_s)
            if passed is not None:
                front = (passed / cloud.seconds) * (2 * CLOUD_SIZE_M + 4 * CLOUD_EDGE_M) - 2 * CLOUD_EDGE_M
                edges = _smooth((front - along_m) / CLOUD_EDGE_M) * _smooth((along_m - front + CLOUD_SIZE_M) / CLOUD_EDGE_M + 1)
                shade = np.maximum(shade, cloud.share * edges)
        return shade if shade.any() else None


def _smooth(x: Array) -> Array:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def along_course(points_m: Array) -> Array:
    return np.asarray(points_m @ CLOUD_COURSE)
