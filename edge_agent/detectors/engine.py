"""What computes a network: ONNX Runtime, or OpenVINO where it is installed. The same file, the same outputs."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.catalogue import Model, ModelError

DEFAULT_INPUT = (416, 416)  # for a file that takes any shape and is in no manifest
Outputs = list[NDArray[Any]]


class Port(NamedTuple):
    """One input: its type in ONNX Runtime's words, and its shape, with None or a name for what may vary."""

    type: str
    shape: list[int | str | None]


class Engine(Protocol):
    """A model that is open. `runs_on`: what really computes it; `failures`: what `run` raises where the file is to blame."""

    inputs: Sequence[Port]
    runs_on: Sequence[str]
    failures: tuple[type[Exception], ...]

    def run(self, blob: NDArray[np.float32]) -> Outputs:
        """The outputs in the file's order; they are the caller's to keep."""
        ...


def input_bounds(inputs: Sequence[Port], model: Model) -> tuple[tuple[int, int], bool]:
    """Width and height of the input, and whether it may be smaller. Fixed in the file, else as the manifest says."""
    match [tuple(port) for port in inputs]:
        case [("tensor(float)", [1 | str() | None, 3, height, width])]:
            pass
        case got:
            raise ModelError(f"model {model.name}: expected one float input 1x3xHxW, got {got}; export it so")
    if not (isinstance(height, int) and isinstance(width, int)):
        return model.input or DEFAULT_INPUT, True
    if height % 32 or width % 32 or model.input not in (None, (width, height)):
        expected = "x".join(map(str, model.input)) if model.input else "multiples of 32"
        raise ModelError(f"model {model.name}: takes {width}x{height}, expected {expected}; correct its manifest")
    return (width, height), False


def first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
