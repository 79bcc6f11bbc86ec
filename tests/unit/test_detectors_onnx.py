"""The detector as a whole, with the models that ship, on a drawn road and on real footage."""

import subprocess
import sys

import cv2
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.core.types import CLASS_OF_COCO
from edge_agent.detectors import detector as module
from edge_agent.detectors.catalogue import Model, ModelError, load_model
from edge_agent.detectors.detector import OnnxDetector
from edge_agent.detectors.providers import runtime_names
from tests.unit.drawn_road import CARS, HEIGHT, WIDTH, drawn_road

SHIPPED = ["nanodet-g-416", "nanodet-g-640", "nanodet-g-416-int8", "nanodet-g-640-int8"]
VEHICLES = [2, 5, 7]


@pytest.fixture(scope="module")
def default():
    return OnnxDetector(load_model("nanodet-g-416"), threads=1)


def _iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_sees_the_drawn_cars_and_nothing_else(name):
    found = OnnxDetector(load_model(name), threads=1).detect(drawn_road())
    assert len(found) == len(CARS)
    for car in CARS:
        overlaps = [_iou(box * [WIDTH, HEIGHT, WIDTH, HEIGHT], car) for box in found.boxes]
        assert max(overlaps) > 0.7
        assert found.classes[int(np.argmax(overlaps))] in VEHICLES


def test_detect_is_the_three_stages_and_agrees_with_a_plain_reading_of_the_model(default):
    """Letterbox, normalise and decode once more, the slow way, for the best cell of the picture."""
    picture = drawn_road()
    scaled = cv2.resize(picture, (416, 234)).astype(np.float32)
    plain = np.full((256, 416, 3), 114, np.float32)
    plain[:234] = scaled
    blob = (plain - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
    session = onnxruntime.InferenceSession(str(default.model.path), providers=["CPUExecutionProvider"])
    scores, bins = session.run(None, {"input_1": blob.astype(np.float32).transpose(2, 0, 1)[None]})
    road_users = scores[0][:, list(CLASS_OF_COCO)]
    cell, pick = np.unravel_index(road_users.argmax(), road_users.shape)
    stride, first, columns = next((s, f, 416 // s) for s, f in ((32, 32 * 52 + 16 * 26), (16, 32 * 52), (8, 0)) if cell >= f)
    weights = np.exp(bins[0, cell].reshape(4, 11))
    left, top, right, bottom = (weights * np.arange(11)).sum(1) / weights.sum(1) * stride
    row, column = divmod(cell - first, columns)
    x, y = (column + 0.5) * stride, (row + 0.5) * stride
    box = np.array([x - left, y - top, x + right, y + bottom]) / [416, 234, 416, 234]

    found = default.detect(picture)
    assert found.scores[0] == pytest.approx(float(road_users[cell, pick]), abs=1e-4)
    assert found.classes[0] == list(CLASS_OF_COCO)[pick]
    np.testing.assert_allclose(found.boxes[0], box, atol=1e-4)
    prepared = default.preprocess(picture)
    staged = default.postprocess(default.infer(prepared), prepared)
    np.testing.assert_array_equal(staged.boxes, found.boxes)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 2**32 - 1), st.floats(0.01, 0.5))
def test_whatever_the_picture_the_detections_are_well_formed(width, height, seed, threshold):
    detector = OnnxDetector(load_model("nanodet-g-416-int8"), threads=1, score_threshold=threshold)
    found = detector.detect(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))
    assert (found.boxes.dtype, found.scores.dtype, found.classes.dtype) == (np.float32, np.float32, np.int32)
    assert found.boxes.shape == (len(found), 4)
    assert ((found.boxes >= 0) & (found.boxes <= 1)).all() and (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert (np.diff(found.scores) <= 0).all()
    assert set(found.classes.tolist()) <= set(CLASS_OF_COCO)
    limits = np.where(np.isin(found.classes, module.TWO_WHEELERS), min(threshold, 0.15), threshold)
    assert (found.scores >= limits.astype(np.float32)).all()


def test_pictures_of_several_sizes_do_not_disturb_one_another(default):
    wide, tall = drawn_road(), np.ascontiguousarray(drawn_road().transpose(1, 0, 2))
    alone = default.detect(wide)
    default.detect(tall)
    np.testing.assert_array_equal(default.detect(wide).boxes, alone.boxes)


def test_two_wheelers_have_a_threshold_of_their_own():
    rows = np.zeros((1, 2184, 80), np.float32)
    rows[0, 0, 3] = rows[0, 1000, 2] = 0.2  # a motorcycle and a car
    bins = np.zeros((1, 2184, 44), np.float32)
    for limit, expected in ((0.15, [3]), (0.25, [])):
        detector = OnnxDetector(load_model("nanodet-g-416"), threads=1, score_threshold=0.3, two_wheeler_threshold=limit)
        prepared = detector.preprocess(np.zeros((360, 640, 3), np.uint8))
        assert detector.postprocess([rows, bins], prepared).classes.tolist() == expected


def test_a_missing_provider_is_named_with_what_is_there_and_what_to_install():
    with pytest.raises(ModelError, match=r"provider cuda: .*\(has cpu\); install onnxruntime-gpu"):
        runtime_names(["cuda", "cpu"], ["CPUExecutionProvider", "AzureExecutionProvider"])
    with pytest.raises(ModelError, match=r"provider 'npu': unknown; known are cpu, cuda.*here works cpu"):
        runtime_names(["npu"], ["CPUExecutionProvider"])
    with pytest.raises(ModelError, match="provider cuda"):
        OnnxDetector(load_model("nanodet-g-416"), providers=["cuda"])


def test_providers_keep_their_order_and_the_cpu_comes_last():
    here = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert runtime_names(["cuda"], here) == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert runtime_names(["cpu", "cuda"], here) == ["CPUExecutionProvider", "CUDAExecutionProvider"]


def test_a_file_that_is_no_model_or_of_another_family_is_refused_in_one_line(tmp_path):
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(ModelError, match=r"model garbage: .*garbage.onnx: ONNX Runtime cannot load it") as refused:
        OnnxDetector(load_model(garbage))
    assert "\n" not in str(refused.value)
    shipped = load_model("nanodet-g-416")
    for wrong, expected in (("yolox", "1x3549x85"), ("yolov8", "1x84x3549")):
        with pytest.raises(ModelError, match=f"is not {wrong}: expected {expected}; got 1x3549x80, 1x3549x44"):
            OnnxDetector(Model("mine", shipped.path, shipped.sha256, wrong, (416, 416)))
    with pytest.raises(ModelError, match="class scores 1x3549x2 "):
        OnnxDetector(Model("mine", shipped.path, shipped.sha256, "nanodet", (416, 416), ("car", "bus")))


def test_a_users_own_file_tells_its_family_by_its_outputs(default):
    own = OnnxDetector(load_model(default.model.path), threads=1)
    np.testing.assert_array_equal(own.detect(drawn_road()).boxes, default.detect(drawn_road()).boxes)


def test_importing_the_package_loads_neither_opencv_nor_the_runtime():
    code = "import sys, edge_agent.detectors.catalogue, edge_agent.detectors.pull; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "edge_agent.detectors.pull" in loaded
    assert not {"cv2", "onnxruntime"} & set(loaded)


def _frames(clip, every=60):
    video, index = cv2.VideoCapture(str(clip)), 0
    while (taken := video.read())[0]:
        if index % every == 0:
            yield taken[1]
        index += 1


@pytest.mark.shared
def test_the_shipped_file_is_the_reference_conversion(shared):
    """The same numbers as a conversion by other hands, on real pictures."""
    ours = onnxruntime.InferenceSession(str(load_model("nanodet-g-416").path), providers=["CPUExecutionProvider"])
    theirs = onnxruntime.InferenceSession(str(shared / "models/nanodet_g_416.onnx"), providers=["CPUExecutionProvider"])
    names = sorted(port.name for port in theirs.get_outputs())
    for pixels in _frames(shared / "clips/boof_highway_bridge_jitter.mp4", every=190):
        blob = (cv2.resize(pixels, (416, 416)).astype(np.float32) - 114) / 58
        blob = blob.transpose(2, 0, 1)[None]
        apart = theirs.run(names, {theirs.get_inputs()[0].name: blob})
        for mine, level in zip(ours.run(None, {"input_1": blob}), (apart[:3], apart[3:]), strict=True):
            np.testing.assert_allclose(mine, np.concatenate(level, axis=1), atol=2e-4)


@pytest.mark.shared
def test_eight_bits_see_what_sixteen_see(shared):
    sixteen = OnnxDetector(load_model("nanodet-g-416"), threads=1, score_threshold=0.4)
    eight = OnnxDetector(load_model("nanodet-g-416-int8"), threads=1, score_threshold=0.2)
    wanted = hit = 0
    for clip in ("boof_highway_bridge_jitter.mp4", "bgs_video02.avi"):
        for pixels in _frames(shared / "clips" / clip):
            again = eight.detect(pixels).boxes
            for box in sixteen.detect(pixels).boxes:
                wanted += 1
                hit += any(_iou(box, other) > 0.6 for other in again)
    assert wanted > 40
    assert hit / wanted > 0.95


@pytest.mark.shared
def test_yolox_from_a_mirror_and_the_default_agree_on_a_junction(shared, tmp_path):
    yolox = OnnxDetector(load_model(shared / "models/yolox_nano.onnx"), threads=1, score_threshold=0.5)
    nanodet = OnnxDetector(load_model("nanodet-g-416"), threads=1, score_threshold=0.25)
    wanted = hit = 0
    for pixels in _frames(shared / "clips/ota_Cars-Cyclist.mp4", every=20):
        ours, theirs = nanodet.detect(pixels), yolox.detect(pixels)
        for box in theirs.boxes[np.isin(theirs.classes, VEHICLES)]:
            wanted += 1
            hit += any(_iou(box, other) > 0.6 for other in ours.boxes)
    assert wanted >= 6
    assert hit / wanted > 0.8
