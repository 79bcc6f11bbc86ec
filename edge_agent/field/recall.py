"""What the agent's cameras saw last, and how its device is: the questions that the running agent answers at its desk."""

from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct

from edge_agent.core.failure import Failure
from edge_agent.core.health.snapshot import Health
from edge_agent.core.types import Detections
from edge_agent.field.desk import ask


class Asked(Struct, frozen=True, tag="recall"):
    camera: str
    last_s: Annotated[float, Meta(gt=0, le=86400)]


class AskedHealth(Struct, frozen=True, tag="health"):
    """How the device is; Health is the answer."""


Question = Asked | AskedHealth
Answer = TypeVar("Answer", bound=Struct)


class SeenFrame(Struct, frozen=True, array_like=True):
    """The arrays of Detections as bytes: float32 boxes and scores, int32 classes."""

    at_s: float
    boxes: bytes
    scores: bytes
    classes: bytes


class Recalled(Struct, frozen=True):
    """`frames` by the monotonic clock of the machine, in order; `refused` says why there are none."""

    refused: str | None = None
    scene: bytes = b""
    model: str = ""
    model_sha256: str = ""
    frames: tuple[SeenFrame, ...] = ()


def packed(at_s: float, seen: Detections) -> SeenFrame:
    return SeenFrame(at_s, seen.boxes.tobytes(), seen.scores.tobytes(), seen.classes.tobytes())


def unpacked(frame: SeenFrame) -> tuple[float, Detections]:
    boxes = np.frombuffer(frame.boxes, np.float32).reshape(-1, 4)
    return frame.at_s, Detections(boxes, np.frombuffer(frame.scores, np.float32), np.frombuffer(frame.classes, np.int32))


def recall(data_dir: Path, asked: Asked) -> Recalled:
    """What the running agent tells. Raises Failure where none answers, or where it refuses."""
    told = _answer(data_dir, asked, Recalled)
    if told.refused is not None:
        raise Failure(told.refused)
    return told


def ask_health(data_dir: Path) -> Health:
    """Of the running agent. Raises NoAgent, Failure."""
    return _answer(data_dir, AskedHealth(), Health)


def _answer(data_dir: Path, question: Question, type_: type[Answer]) -> Answer:
    told = ask(data_dir, msgspec.json.encode(question))
    try:
        return msgspec.msgpack.decode(told, type=type_)
    except ValueError as error:
        raise Failure(f"{data_dir}: the agent's answer cannot be read ({error}); is it of this version?") from None
