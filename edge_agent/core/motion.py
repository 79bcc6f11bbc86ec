"""How fast a road user moves: a straight line through its last positions, with the standard error of its slope.

A box that is too long now is so in the next frame as well: errors of neighbouring positions go together and fade with
`ERROR_LASTS_S`. Taken for independent they would give a standard error two to three times too small. Nor is a road user's speed
constant over the window, and the line tells the one in its middle.
"""

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from math import hypot, sqrt

import numpy as np

WINDOW_S = 1.2
MIN_SPAN_S = 0.4
MIN_SAMPLES = 4
ERROR_LASTS_S = 0.5  # measured on painted pictures: correlation from frame to frame 0.6 to 0.86 at 10 a second
EXPECTED_WEIGHS = 4.0  # the expected error of a position counts like so many independent residuals
USUAL_CHANGE_M_S2 = 0.5  # by so much do road users change their speed
SPACING_S = 1 / 16  # more samples a second cost time and hardly narrow the fit: neighbours' errors are alike


@dataclass(frozen=True, slots=True)
class Velocity:
    """Metres a second along the plane's axes; `se_m_s` is the standard error along the direction of travel."""

    x_m_s: float
    y_m_s: float
    se_m_s: float

    @property
    def speed_m_s(self) -> float:
        return hypot(self.x_m_s, self.y_m_s)


class Motion:
    """One track's recent positions in metres. `update` adds one and returns the velocity, None while too little is known."""

    __slots__ = ("_samples",)

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float, float, float]] = deque()

    def update(self, at_s: float, x_m: float, y_m: float, sigma_m: float) -> Velocity | None:
        """`sigma_m` is the standard deviation of one position along the direction of travel."""
        samples = self._samples
        if samples and at_s - samples[-1][0] > WINDOW_S:
            samples.clear()
        if len(samples) > 1 and samples[-1][0] - samples[-2][0] < SPACING_S:
            samples.pop()  # the newest always stays, so that the fit ends now
        samples.append((at_s, x_m, y_m, sigma_m))
        while at_s - samples[0][0] > WINDOW_S:
            samples.popleft()
        return self._fit()

    def _fit(self) -> Velocity | None:
        samples, n = self._samples, len(self._samples)
        if n < MIN_SAMPLES or samples[-1][0] - samples[0][0] < MIN_SPAN_S:
            return None
        t0 = sum(s[0] for s in samples) / n
        x0 = sum(s[1] for s in samples) / n
        y0 = sum(s[2] for s in samples) / n
        tt = sum((s[0] - t0) ** 2 for s in samples)
        vx = sum((s[0] - t0) * (s[1] - x0) for s in samples) / tt
        vy = sum((s[0] - t0) * (s[2] - y0) for s in samples) / tt
        speed = hypot(vx, vy)
        ux, uy = (vx / speed, vy / speed) if speed > 0.0 else (0.0, 1.0)
        residual = sum(((s[1] - x0) * ux + (s[2] - y0) * uy - speed * (s[0] - t0)) ** 2 for s in samples)
        expected = sum(s[3] ** 2 for s in samples) / n
        span = samples[-1][0] - samples[0][0]
        wider, free = _of_lasting_errors(n, round(span / (n - 1), 2))
        variance = (EXPECTED_WEIGHS * expected + residual) / (EXPECTED_WEIGHS + free)
        return Velocity(vx, vy, sqrt(variance * wider / tt + (USUAL_CHANGE_M_S2 * span / 2) ** 2))


def expected_se_m_s(sigma_m: float, fps: float) -> float:
    """The standard error of a speed that is seen `fps` times a second for a whole window; each position errs by `sigma_m`."""
    n = int(WINDOW_S / max(1 / fps, SPACING_S)) + 1
    span = (n - 1) * max(1 / fps, SPACING_S)
    wider, _ = _of_lasting_errors(n, round(span / (n - 1), 2))
    tt = span**2 * n * (n + 1) / 12 / (n - 1)
    return sqrt(sigma_m**2 * wider / tt + (USUAL_CHANGE_M_S2 * span / 2) ** 2)


@lru_cache(maxsize=1024)
def _of_lasting_errors(n: int, step_s: float) -> tuple[float, float]:
    """For a line through n positions `step_s` apart: how many times the slope's variance is that of independent errors, and how
    many independent residuals those of the fit are worth."""
    t = np.arange(n) * step_s
    t -= t.mean()
    tt = float(t @ t)
    together = np.exp(-np.abs(t[:, None] - t) / ERROR_LASTS_S)
    hat = 1 / n + np.outer(t, t) / tt
    return float(t @ together @ t) / tt, n - float((hat * together).sum())
