"""A user's own export: small ONNX files made here, with answers that are known."""

import numpy as np
import pytest

from edge_agent.core.types import COCO_OF_CLASS
from edge_agent.detectors.catalogue import Model, ModelError, load_model
from edge_agent.detectors.detector import OnnxDetector

onnx = pytest.importorskip("onnx")

WIDTH, HEIGHT, CELLS = 64, 32, 42
CLASSES = ("tuk-tuk", "motorcycle", "car")


def _export(path, shape=(1, 3, HEIGHT, WIDTH), element=onnx.TensorProto.FLOAT, answer=None):
    """A YOLOv8 head that answers always the same, plus the mean of the picture's first channel as one class's score."""
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    if answer is None:
        answer = np.zeros((1, 4 + len(CLASSES), CELLS), np.float32)
        answer[0, :4, 7] = 32, 12, 16, 8  # centre x, y, width, height in input pixels
        answer[0, 4:, 7] = 0.9, 0.1, 0.0
    where = np.zeros_like(answer)
    where[0, -1, 7 % answer.shape[2]] = 1
    nodes = [
        helper.make_node("Cast", ["images"], ["real"], to=real),
        helper.make_node("Slice", ["real", "from", "to", "channel"], ["red"]),
        helper.make_node("ReduceMean", ["red"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["where", "mean"], ["seen"]),
        helper.make_node("Add", ["answer", "seen"], ["output0"]),
    ]
    constants = {"from": [0], "to": [1], "channel": [1]}
    weights = [onnx.numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants.items()]
    weights += [onnx.numpy_helper.from_array(value, name) for name, value in (("answer", answer), ("where", where))]
    ports = [helper.make_tensor_value_info("images", element, shape)]
    made = [helper.make_tensor_value_info("output0", real, answer.shape)]
    body = helper.make_graph(nodes, "own", ports, made, weights)
    onnx.save(helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def _model(path, **changes):
    return Model(**({"name": "own", "path": path, "sha256": "", "family": "yolov8", "classes": CLASSES} | changes))


def test_a_yolov8_export_gets_rgb_from_0_to_1_and_answers_in_the_pictures_coordinates(tmp_path):
    detector = OnnxDetector(_model(_export(tmp_path / "own.onnx")), threads=1, score_threshold=0.3)
    picture = np.zeros((48, 128, 3), np.uint8)  # scaled by a half it covers 64 x 24 of the 64 x 32 input
    picture[..., 2] = 255  # red
    found = detector.detect(picture)
    assert found.classes.tolist() == [COCO_OF_CLASS["car"]]
    assert found.scores[0] == pytest.approx((24 * 1 + 8 * 114 / 255) / 32, abs=1e-5)
    np.testing.assert_allclose(found.boxes, [[24 / 64, 8 / 24, 40 / 64, 16 / 24]], atol=1e-6)
    assert len(detector.detect(np.ascontiguousarray(picture[..., ::-1]))) == 0  # blue is not red


@pytest.mark.parametrize(
    "export, changes, said",
    [
        ({}, {"input": (416, 416)}, r"model own: takes 64x32, expected 416x416"),
        ({"shape": (1, 3, 30, 64)}, {}, r"model own: takes 64x30, expected multiples of 32"),
        ({"shape": (1, 1, 32, 64)}, {}, r"expected one float input 1x3xHxW, got .*\[1, 1, 32, 64\]"),
        ({"element": onnx.TensorProto.UINT8}, {}, r"expected one float input 1x3xHxW, got .*tensor\(uint8\)"),
        ({"answer": np.zeros((1, 7, 41), np.float32)}, {}, r"own.onnx is not yolov8: expected 1x7x42; got 1x7x41"),
        ({}, {"classes": ("cat", "dog", "cow")}, r"model own: its classes name no road user; known are person, bicycle, car"),
        ({}, {"classes": ("car",)}, r"own.onnx is not yolov8: expected 1x5x42; got 1x7x42"),
    ],
)
def test_an_export_that_does_not_fit_is_refused_in_one_line(tmp_path, export, changes, said):
    with pytest.raises(ModelError, match=said) as refused:
        OnnxDetector(_model(_export(tmp_path / "own.onnx", **export), **changes), threads=1)
    assert "\n" not in str(refused.value)


def test_a_batch_without_a_fixed_size_is_taken_as_one(tmp_path):
    detector = OnnxDetector(_model(_export(tmp_path / "own.onnx", shape=("batch", 3, HEIGHT, WIDTH))), threads=1)
    assert len(detector.detect(np.full((32, 64, 3), 255, np.uint8))) == 1


def test_a_cut_file_is_refused(tmp_path):
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(load_model("nanodet-g-416").path.read_bytes()[:100_000])
    with pytest.raises(ModelError, match=r"model cut: .*cut.onnx: ONNX Runtime cannot load it"):
        OnnxDetector(load_model(cut))
