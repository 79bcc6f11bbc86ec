"""Numbers as options of a drill."""

import math
from argparse import ArgumentTypeError


def positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"expected a number above 0, got {text}")
    return number


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"expected a whole number above 0, got {text}")
    return int(text)
