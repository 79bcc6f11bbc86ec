"""Texts and numbers of devices and people, fit to stand in any of the formats, whoever wrote them."""

import re
from math import isfinite

LONGEST = 200

# what XML 1.0 has no place for, controls, noncharacters, and marks that turn the writing of what follows them around
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]+")


def clean(text: str, most: int = LONGEST) -> str:
    """One line of at most so many characters; what is cut off is told by an ellipsis."""
    line = " ".join(_UNFIT.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def number(value: object, least: float, most: float) -> float | None:
    """A finite number within its limits, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value) if least <= value <= most else None


def degrees(value: float) -> str:
    """A tenth of a metre is enough; never with an exponent."""
    return f"{value:.6f}"
