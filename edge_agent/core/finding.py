"""One thing that was looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic` is what was looked at, `camera` whose it is where it is one camera's; `next_step` is empty where all is well."""

    topic: str
    verdict: Verdict
    said: str
    next_step: str = ""
    camera: str | None = None
