#!/usr/bin/env python3
"""What scripts/measure_seeing.py measured, as tables: recall by class and box height; false boxes, jitter, misses.

    python scripts/seeing_table.py FOLDER/NAME.json...
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from measure_seeing import LIGHTS, ON_END, Measured
from seeing_chances import pairs

BINS = ((0, 24), (24, 40), (40, 80), (80, 1000))
BIN_NAMES = ("< 24", "24 to 40", "40 to 80", "> 80")


def table(files: Sequence[Measured]) -> str:
    lines = []
    for light in LIGHTS:
        lines += [f"\n{light}\n", "| class | height | " + " | ".join(one.name for one in files) + " |"]
        lines += ["|---|---|" + "---|" * len(files)]
        for cls in ("car", "bus", "truck", "motorcycle", "bicycle", "person"):
            for name, (low, high) in zip(BIN_NAMES, BINS, strict=True):
                cells = []
                for one in files:
                    rows = [row for row in one.seen if (row.light, row.cls) == (light, cls)]
                    hits = [row.score > 0 for row in rows if low <= row.height_px < high]
                    cells.append(f"{100 * np.mean(hits):.0f} % of {len(hits)}" if len(hits) >= 20 else "")
                if any(cells):
                    lines.append(f"| {cls} | {name} | " + " | ".join(cells) + " |")
        for name, measure in FIGURES.items():
            lines.append(f"| {name} | | " + " | ".join(measure(one, light) for one in files) + " |")
    return "\n".join(lines)


def large_recall(one: Measured, light: str) -> str:
    rows = [row for row in one.seen if row.light == light and row.cls in ("car", "bus", "truck")]
    hits = [row.score > 0 for row in rows if row.height_px >= 40]
    return f"{100 * np.mean(hits):.1f} %"


def false_rate(one: Measured, light: str) -> str:
    return f"{sum(row.light == light for row in one.extra) / one.pictures[light]:.2f}"


def jitter(one: Measured, light: str) -> str:
    found = [row for row in one.seen if row.light == light and row.score > 0]
    steps = [found[b].edges[3] - found[a].edges[3] for a, b in pairs(found, 1, 1)]
    return f"{np.sqrt(np.mean(np.square(steps))):.3f}"


def longest_misses(one: Measured, light: str) -> str:
    """Pictures on end without a box, of bodies over 24 px in all of 15 pictures: mean over bodies of the longest run."""
    tracks = defaultdict[tuple[int, int], list[bool]](list)
    for row in one.seen:
        if row.light == light and row.frame < ON_END and row.height_px >= 24:
            tracks[row.run, row.body].append(row.score > 0)
    whole = [track for track in tracks.values() if len(track) == ON_END]
    longest = [max(map(len, "".join(".x"[not hit] for hit in track).split("."))) for track in whole]
    return f"{np.mean(longest):.1f}, 15 in {100 * np.mean(np.array(longest) == ON_END):.0f} %"


FIGURES: dict[str, Callable[[Measured, str], str]] = {
    "cars, buses, trucks >= 40 px": large_recall,
    "false boxes a picture": false_rate,
    "lower edge, picture to picture, RMS in box heights": jitter,
    "longest miss in 15 pictures, >= 24 px": longest_misses,
}


def main() -> int:
    paths = sys.argv[1:]
    if not paths or paths[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    print(table([msgspec.json.decode(Path(path).read_bytes(), type=Measured) for path in paths]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
