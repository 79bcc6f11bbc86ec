#!/usr/bin/env python3
"""Fit edge_agent/simulation/seeing.json to what scripts/measure_seeing.py measured of a detector.

    python scripts/fit_seeing.py FOLDER/nanodet-g-416.json

Judge with other seeds than those that were fitted: scripts/seeing_table.py.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from measure_seeing import LIGHTS, ON_END, SAME, Extra, Measured, Seen
from numpy.typing import NDArray
from seeing_chances import chances, likeliest, pairs, persistence

from edge_agent.core.types import COCO_OF_CLASS
from edge_agent.simulation import seeing
from edge_agent.simulation.seeing import ClassSeeing, FalseBox, Fitted, Seeing, Stray

Array = NDArray[np.float64]
FITTED = Path(seeing.__file__).with_name("seeing.json")
ENOUGH = 150  # sightings of a class in a light; with fewer those by all lights help out
FALSE_KEPT, STRAYS_KEPT = 60, 30


def fit(measured: Measured) -> dict[str, Seeing]:
    lights = {}
    lasts = {cls: persistence([row for row in measured.seen if row.cls == cls]) for cls in {row.cls for row in measured.seen}}
    for light in LIGHTS:
        if not measured.pictures.get(light):
            continue
        mine = [row for row in measured.seen if row.light == light]
        classes = {}
        for cls in sorted({row.cls for row in measured.seen}):
            rows = [row for row in mine if row.cls == cls]
            helpers = [row for row in measured.seen if row.cls == cls and row.light != light]
            weight = max(0.02, 1 - len(rows) / ENOUGH) if len(rows) < ENOUGH else 0.0
            strays = [row for row in measured.extra if row.cls == cls and (row.light == light or weight)]
            classes[cls] = fit_class(cls, rows, helpers if weight else [], weight, lasts[cls], strays)
        lights[light] = Seeing(classes, *false_boxes(measured, light))
    return lights


def fit_class(
    cls: str, rows: list[Seen], helpers: list[Seen], weight: float, lasts: tuple[float, float], strays: list[Extra]
) -> ClassSeeing:
    every = rows + helpers
    weights = np.r_[np.ones(len(rows)), np.full(len(helpers), weight)]
    height = np.array([row.height_px for row in every])
    visible = np.array([row.visible for row in every])
    hit = np.array([row.score > 0 for row in every])
    best, half_px, slope, hidden_half = likeliest(height, visible, hit, weights)
    chance = chances(best, half_px, slope, hidden_half, height, visible)
    found = [row for row in every if row.score > 0]
    stays = staying(strays)
    kept = [strays[i] for i in sorted(np.random.default_rng(8).permutation(len(strays))[:STRAYS_KEPT].tolist())]
    edges = np.array([row.edges for row in found]).reshape(-1, 4)
    bias, spread = (np.median(edges, axis=0), spreads(edges)) if len(found) > 8 else (np.zeros(4), np.full(4, 0.06))
    base, gain, score_sd = score_line(chance[hit], np.array([row.score for row in found]), weights[hit])
    labels = Counter(row.label for row in found)
    total = sum(labels.values())
    return ClassSeeing(
        best=round(best, 3), half_px=round(half_px, 1), slope=round(slope, 2), hidden_half=round(hidden_half, 3),
        lasting=round(lasts[0], 2), wandering=round(lasts[1], 2),
        bias=four(bias), spread=four(spread), steady=round(steadiness(found, bias, spread), 2),
        score=(round(base, 3), round(gain, 3)), score_sd=round(score_sd, 3),
        labels={label: round(n / total, 3) for label, n in labels.most_common()} or {COCO_OF_CLASS.get(cls, 2): 1.0},
        stray_begins=round(len(strays) / max(float(chance.sum()), 1.0) * (1 - stays), 4), stray_stays=round(stays, 3),
        strays=tuple(Stray(row.at, round(row.score, 3), row.label) for row in kept),
    )  # fmt: skip


def spreads(edges: Array) -> Array:
    """SD by the central 80 %: a few boxes lie on a neighbour."""
    return np.asarray((np.quantile(edges, 0.9, axis=0) - np.quantile(edges, 0.1, axis=0)) / 2.563)


def steadiness(found: Sequence[Seen], bias: Array, spread: Array) -> float:
    near = pairs(found, 1, 1)
    if len(near) < 30:
        return 0.6
    z = np.clip((np.array([row.edges for row in found]) - bias) / np.maximum(spread, 1e-3), -2.5, 2.5)
    first, second = np.array(near).T
    return float(np.clip(np.corrcoef(z[first].ravel(), z[second].ravel())[0, 1], 0, 0.98))


def score_line(chance: Array, score: Array, weights: Array) -> tuple[float, float, float]:
    if len(score) < 10:
        return 0.15, 0.3, 0.08
    design = np.column_stack([np.ones_like(chance), chance]) * np.sqrt(weights)[:, None]
    (base, gain), *_ = np.linalg.lstsq(design, score * np.sqrt(weights), rcond=None)
    return float(base), float(gain), float(np.std(score - base - gain * chance))


def false_boxes(measured: Measured, light: str) -> tuple[float, float, tuple[FalseBox, ...]]:
    extra = [row for row in measured.extra if row.light == light and not row.body]
    stays = staying(extra)
    per_frame = len(extra) / measured.pictures[light]
    pick = np.random.default_rng(7).permutation(len(extra))[:FALSE_KEPT]
    kept = tuple(FalseBox(extra[i].box, round(extra[i].score, 3), extra[i].label) for i in sorted(pick.tolist()))
    return round(per_frame * (1 - stays), 4), round(stays, 3), kept


def staying(extra: Sequence[Extra]) -> float:
    """The share of those with a picture right after them that are there again."""
    at = defaultdict[tuple[int, int, int], list[Extra]](list)
    for row in extra:
        at[row.run, row.frame, row.body].append(row)
    again = [
        any(row.body or iou(row.box, other.box) >= SAME for other in at[row.run, row.frame + 1, row.body])
        for row in extra if row.frame < ON_END - 1
    ]  # fmt: skip
    return float(np.mean(again)) if again else 0.0


def iou(a: Sequence[float], b: Sequence[float]) -> float:
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(wide, 0.0) * max(tall, 0.0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def four(values: Iterable[float]) -> tuple[float, float, float, float]:
    a, b, c, d = (round(float(value), 4) for value in values)
    return a, b, c, d


def main() -> int:
    paths = sys.argv[1:]
    if not paths or paths[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    measured = [msgspec.json.decode(Path(path).read_bytes(), type=Measured) for path in paths]
    numbers = Fitted({one.name: fit(one) for one in measured})
    FITTED.write_bytes(msgspec.json.format(msgspec.json.encode(numbers), indent=1) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
