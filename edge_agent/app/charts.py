"""Small charts as SVG text."""

from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, BELOW = 400, 260, 46, 30
BARS = 20
INK, MARK, GUIDE = "#6b7480", "#2f7dd1", "#9aa3ad"


def histogram(values: Sequence[float]) -> str:
    """How often values lie where, in BARS equal steps from 0 (or the least, if that is below) up."""
    low, high = min(0.0, *values), max(values)
    step = max(high - low, 1e-9) / BARS
    heights = [0] * BARS
    for value in values:
        heights[min(BARS - 1, int((value - low) / step))] += 1
    wide = (WIDTH - LEFT - 10) / BARS
    bottom = HEIGHT - BELOW
    tall = (bottom - 14) / max(heights)
    bars = "".join(
        f'<rect x="{LEFT + place * wide:.1f}" y="{bottom - n * tall:.1f}" width="{wide - 1:.1f}" height="{n * tall:.1f}"/>'
        for place, n in enumerate(heights)
    )
    return _svg(f'<g fill="{MARK}">{bars}</g>', (low, high), (0.0, float(max(heights))))


def scatter(pairs: Sequence[tuple[float, float]]) -> str:
    """True across, seen upwards, on equal axes with the line where both are one."""
    top = max(1.0, max(max(pair) for pair in pairs)) * 1.02
    low = min(0.0, min(min(pair) for pair in pairs))
    across, upwards = (WIDTH - LEFT - 10) / (top - low), (HEIGHT - BELOW - 14) / (top - low)

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + (x - low) * across, HEIGHT - BELOW - (y - low) * upwards

    (x1, y1), (x2, y2) = at(low, low), at(top, top)
    line = f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{GUIDE}" stroke-dasharray="4 4"/>'
    dots = "".join('<circle cx="{:.1f}" cy="{:.1f}" r="2.5"/>'.format(*at(*pair)) for pair in pairs)
    return _svg(f'{line}<g fill="{MARK}" fill-opacity=".55">{dots}</g>', (low, top), (low, top))


def _svg(drawn: str, across: tuple[float, float], upwards: tuple[float, float]) -> str:
    bottom, right = HEIGHT - BELOW, WIDTH - 10
    labels = [
        (LEFT, HEIGHT - 8, "start", across[0]), (right, HEIGHT - 8, "end", across[1]),
        (LEFT - 5, bottom, "end", upwards[0]), (LEFT - 5, 18, "end", upwards[1]),
    ]  # fmt: skip
    texts = "".join(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{value:.3g}</text>' for x, y, anchor, value in labels)
    axes = f'<path d="M{LEFT} 14V{bottom}H{right}" stroke="{INK}" fill="none"/>'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{axes}{drawn}<g font-size="13" fill="{INK}">{texts}</g></svg>'
