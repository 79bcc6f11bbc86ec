"""How likely a detector finds whom, and how long that lasts: the part of scripts/fit_seeing.py that estimates."""

from collections import defaultdict
from collections.abc import Sequence
from math import erf, sqrt

import numpy as np
from measure_seeing import ON_END, Seen
from numpy.typing import NDArray

Array = NDArray[np.float64]
GRIDS = {
    "best": np.linspace(0.1, 1.0, 46),
    "half_px": np.exp(np.linspace(np.log(4), np.log(200), 60)),
    "slope": np.exp(np.linspace(np.log(0.7), np.log(14), 40)),
    "hidden_half": np.linspace(-0.2, 0.9, 45),
}
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
phi = np.vectorize(lambda z: (1 + erf(z / sqrt(2))) / 2, otypes=[float])


def chances(best: float, half_px: float, slope: float, hidden_half: float, height: Array, visible: Array) -> Array:
    size = 1 / (1 + np.exp(-slope * (np.log(height) - np.log(half_px))))
    return np.asarray(best * size / (1 + np.exp(-9 * (visible - hidden_half))))


def likeliest(height: Array, visible: Array, hit: NDArray[np.bool_], weights: Array) -> tuple[float, float, float, float]:
    """Maximum likelihood, one parameter after the other over its grid, from a few beginnings."""

    def cost(numbers: dict[str, float]) -> float:
        p = np.clip(chances(height=height, visible=visible, **numbers), 0.003, 0.997)
        return -float((weights * np.where(hit, np.log(p), np.log(1 - p))).sum()) + 0.3 * np.log(numbers["slope"] / 4) ** 2

    best: tuple[float, dict[str, float]] = (np.inf, {})
    for begin in (15.0, 35.0, 70.0):
        numbers = {"best": 0.9, "half_px": begin, "slope": 4.0, "hidden_half": 0.3}
        before = np.inf
        while (now := cost(numbers)) < before - 1e-3:
            before = now
            for key, grid in GRIDS.items():
                numbers[key] = float(min(grid, key=lambda value: cost({**numbers, key: value})))
        if now < best[0]:
            best = now, numbers
    return best[1]["best"], best[1]["half_px"], best[1]["slope"], best[1]["hidden_half"]


def pairs(rows: Sequence[Seen], low: int, high: int) -> list[tuple[int, int]]:
    """Index pairs of one body, `low` to `high` frames apart."""
    tracks = defaultdict[tuple[int, int], list[int]](list)
    for index, row in enumerate(rows):
        tracks[row.run, row.body].append(index)
    return [(a, b) for track in tracks.values() for i, a in enumerate(track) for b in track[i + 1 :]
            if low <= rows[b].frame - rows[a].frame <= high]  # fmt: skip


def persistence(rows: Sequence[Seen]) -> tuple[float, float]:
    """Shares of the disposition's variance that last, and that wander within a second; by all lights, for bodies are few.

    Together they make neighbouring pictures alike; that part lasts with which as many bodies are never found as were.
    """
    height, visible = (np.array([getattr(row, key) for row in rows]) for key in ("height_px", "visible"))
    numbers = likeliest(height, visible, np.array([row.score > 0 for row in rows]), np.ones(len(rows)))
    chance = chances(*numbers, height, visible)
    short = correlation(rows, chance, pairs(rows, 1, 1))
    lasting = lasting_share(rows, chance, short)
    return lasting, max(0.0, min((short - lasting) / float(np.exp(-0.1)), 0.99 - lasting))


def lasting_share(rows: Sequence[Seen], chance: Array, short: float) -> float:
    """By playing the bodies that were there in ON_END pictures on end, for each share 200 times."""
    tracks = defaultdict[tuple[int, int], list[int]](list)
    for index, row in enumerate(rows):
        if row.frame < ON_END:
            tracks[row.run, row.body].append(index)
    whole = np.array([track for track in tracks.values() if len(track) == ON_END]).reshape(-1, ON_END)
    hit = np.array([row.score > 0 for row in rows])
    likely = chance[whole].mean(axis=1) > 0.15  # far ones are never found anyway
    if likely.sum() < 10:
        return 0.5 * short
    never = float((~hit[whole[likely]].any(axis=1)).mean())
    threshold = np.vectorize(inverse_phi, otypes=[float])(np.clip(chance[whole[likely]], 0.004, 0.996))
    random, keep = np.random.default_rng(3), float(np.exp(-0.1))
    stays, fresh = random.normal(size=(200, len(threshold))), random.normal(size=(200, *threshold.shape))
    steps = random.normal(size=fresh.shape)
    wanders = steps.copy()
    for step in range(1, ON_END):
        wanders[..., step] = keep * wanders[..., step - 1] + sqrt(1 - keep * keep) * steps[..., step]
    grid = np.linspace(0, 0.97 * short, 12)
    shares = []
    for share in grid:
        wandering = min((short - share) / keep, 0.99 - share)
        z = sqrt(share) * stays[..., None] + sqrt(max(0.0, wandering)) * wanders + sqrt(max(0.0, 1 - share - wandering)) * fresh
        shares.append(float((z > threshold).all(axis=2).mean()))
    return float(np.interp(never, shares, grid))


def correlation(rows: Sequence[Seen], chance: Array, pairs: list[tuple[int, int]]) -> float:
    """The latent normal's correlation under which as many pairs are both found or both missed as were."""
    if len(pairs) < 30:
        return 0.5
    if len(pairs) > 6000:
        pairs = [pairs[i] for i in np.random.default_rng(1).choice(len(pairs), 6000, replace=False)]
    first, second = np.array(pairs).T
    hit = np.array([row.score > 0 for row in rows])
    both = float((hit[first] & hit[second]).mean())
    z = np.vectorize(inverse_phi, otypes=[float])(np.clip(chance, 0.004, 0.996))
    expected = []
    grid = np.linspace(0, 0.98, 25)
    table_z = np.linspace(-14, 14, 2801)
    table = phi(table_z)
    for rho in grid:
        share = np.interp((z[:, None] - sqrt(rho) * NODES) / sqrt(1 - rho), table_z, table)
        expected.append(float(((share[first] * share[second]) @ WEIGHTS).mean()))
    return float(np.interp(both, expected, grid))


def inverse_phi(p: float) -> float:
    low, high = -6.0, 6.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 + erf(middle / sqrt(2))) / 2 < p else (low, middle)
    return low
