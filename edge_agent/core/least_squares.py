"""Unknowns from what they are seen to do: Levenberg-Marquardt, for some ten unknowns and some hundred residuals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
STEPS, STIFFEST = 60, 1e9
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Solution:
    """`covariance` (k, k) of the `unknowns` (k,): as the residuals' own sizes say where those are larger than expected."""

    unknowns: Array
    residuals: Array
    covariance: Array

    @property
    def cost(self) -> float:
        return float(self.residuals @ self.residuals)


def solve(residuals_of: Callable[[Array], Array], start: Array) -> Solution:
    """Residuals are in their standard deviations, expectations of the unknowns included as residuals of their own."""
    unknowns, stiffness = start.astype(float), 1e-3
    off = residuals_of(unknowns)
    for _ in range(STEPS):
        slopes = _slopes(residuals_of, unknowns, off)
        normal, downhill = slopes.T @ slopes, slopes.T @ off
        while stiffness < STIFFEST:
            step = np.linalg.solve(normal + stiffness * np.diag(np.diag(normal) + 1e-12), -downhill)
            tried = residuals_of(unknowns + step)
            if np.isfinite(tried).all() and tried @ tried < off @ off:
                break
            stiffness *= 4
        else:
            break
        gained = off @ off - tried @ tried
        unknowns, off, stiffness = unknowns + step, tried, stiffness / 8
        if gained < 1e-9 * (off @ off + 1e-9):
            break
    slopes = _slopes(residuals_of, unknowns, off)
    free = max(1, len(off) - len(unknowns))
    wider = max(1.0, float(off @ off) / free)
    covariance: Array = np.asarray(wider * np.linalg.pinv(slopes.T @ slopes, hermitian=True), np.float64)
    return Solution(unknowns, off, covariance)


def _slopes(residuals_of: Callable[[Array], Array], unknowns: Array, off: Array) -> Array:
    steps = TINY * np.maximum(1.0, np.abs(unknowns))
    moved = [residuals_of(unknowns + step) for step in np.diag(steps)]
    return (np.array(moved) - off).T / steps
