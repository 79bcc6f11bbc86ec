"""How fast a road user moves: a straight line through its last positions, with the standard error of its slope."""

from collections import deque
from dataclasses import dataclass
from math import hypot, sqrt

WINDOW_S = 1.2
MIN_SPAN_S = 0.4
MIN_SAMPLES = 4
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
        residual = sum((s[1] - x0 - vx * (s[0] - t0)) ** 2 + (s[2] - y0 - vy * (s[0] - t0)) ** 2 for s in samples)
        model = sum(s[3] ** 2 for s in samples) / n
        return Velocity(vx, vy, sqrt(max(model, residual / max(1, n - 2)) / tt))
