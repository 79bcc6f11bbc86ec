"""A speed's standard error is true: where errors last, where they do not, and where the speed changes."""

from math import exp, sqrt

import numpy as np
import pytest

from edge_agent.core.motion import Motion, Velocity

FPS, SIGMA_M, SPEED_M_S = 10, 0.5, 12.0


def measured(seed: int, lasts_s: float, expected_m: float = SIGMA_M, change_m_s2: float = 0.0) -> Velocity:
    """Two seconds of somebody who drives away, his position off by SIGMA_M; the last speed."""
    random, motion, off, last = np.random.default_rng(seed), Motion(), 0.0, None
    keep = exp(-1 / FPS / lasts_s) if lasts_s else 0.0
    for frame in range(2 * FPS):
        t_s = frame / FPS
        off = keep * off + sqrt(1 - keep * keep if frame else 1.0) * SIGMA_M * float(random.normal())
        before_now = t_s - (2 - 1 / FPS)
        last = motion.update(t_s, 0.0, SPEED_M_S * before_now + change_m_s2 * before_now**2 / 2 + off, expected_m)
    assert last is not None
    return last


def share_inside(lasts_s: float, expected_m: float = SIGMA_M, change_m_s2: float = 0.0) -> float:
    speeds = [measured(seed, lasts_s, expected_m, change_m_s2) for seed in range(400)]
    return float(np.mean([abs(one.speed_m_s - SPEED_M_S) <= 1.96 * one.se_m_s for one in speeds]))


@pytest.mark.parametrize("change_m_s2", [0.0, 0.5])
def test_of_lasting_errors_the_interval_holds_what_it_says(change_m_s2: float) -> None:
    assert 0.92 <= share_inside(0.5, change_m_s2=change_m_s2) <= 0.985


@pytest.mark.parametrize("expected_m", [SIGMA_M / 2, 2 * SIGMA_M])
def test_what_is_seen_corrects_what_was_expected(expected_m: float) -> None:
    assert share_inside(0.5, expected_m) >= 0.8
    spread = [np.mean([measured(seed, 0.5, wrong).se_m_s for seed in range(60)]) for wrong in (expected_m, SIGMA_M)]
    assert 0.6 <= spread[0] / spread[1] <= 1.8


def test_of_errors_that_do_not_last_the_interval_holds_more() -> None:
    assert share_inside(0.0) >= 0.95
