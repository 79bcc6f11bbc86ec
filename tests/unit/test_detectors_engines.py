"""The same file in another engine: the same road users, and what is said where it is not installed or not fitting."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest

from edge_agent.app.detecting import build_detector
from edge_agent.config import DetectorConfig
from edge_agent.detectors.catalogue import ModelError, load_model
from edge_agent.detectors.detector import OnnxDetector
from tests.unit.drawn_road import drawn_road
from tests.unit.test_detectors_own_model import HEIGHT, WIDTH, _export, _model

VEHICLES = [2, 5, 7]
WITH_OPENVINO = pytest.mark.skipif(
    find_spec("openvino") is None, reason="OpenVINO is not installed: pip install 'kerbwatch[openvino]'"
)


@WITH_OPENVINO
@pytest.mark.parametrize("name", ["nanodet-g-416", "nanodet-g-416-int8", "nanodet-g-640"])
def test_openvino_sees_what_onnx_runtime_sees(name):
    """Its short floats have three digits: scores differ by less than one box does from the next."""
    ours, other = (
        build_detector(DetectorConfig(model=name, engine=engine, threads=1, score_threshold=0.3))
        for engine in ("onnxruntime", "openvino")
    )
    assert (ours.providers, other.providers) == (["CPUExecutionProvider"], ["OpenVINO CPU"])
    for picture in (drawn_road(), drawn_road()[:, ::-1].copy(), np.full((240, 320, 3), 90, np.uint8)):
        expected, found = ours.detect(picture), other.detect(picture)
        assert np.isin(found.classes, VEHICLES).tolist() == np.isin(expected.classes, VEHICLES).tolist()  # car or truck may tie
        np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.01)
        np.testing.assert_allclose(found.scores, expected.scores, atol=0.05)


@WITH_OPENVINO
def test_what_openvino_answers_is_the_callers_to_keep():
    detector = OnnxDetector(load_model("nanodet-g-416"), engine="openvino", threads=1)
    first = detector.infer(detector.preprocess(drawn_road()))
    kept = [output.copy() for output in first]
    detector.infer(detector.preprocess(np.zeros_like(drawn_road())))
    for output, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(output, before)


@WITH_OPENVINO
@pytest.mark.parametrize("batch", [1, "batch"])
def test_openvino_takes_a_users_own_file(tmp_path, batch):
    model = _model(_export(tmp_path / "own.onnx", shape=(batch, 3, HEIGHT, WIDTH)))
    picture = np.full((HEIGHT, WIDTH, 3), 114, np.uint8)
    ours, other = (OnnxDetector(model, engine=engine, threads=1).detect(picture) for engine in ("onnxruntime", "openvino"))
    assert len(ours) == 1
    np.testing.assert_allclose(other.boxes, ours.boxes, atol=0.01)
    assert other.classes.tolist() == ours.classes.tolist()


@WITH_OPENVINO
def test_openvino_is_told_the_same_of_an_input_that_does_not_fit(tmp_path):
    model = _model(_export(tmp_path / "own.onnx"), input=(416, 416))
    with pytest.raises(ModelError, match="model own: takes 64x32, expected 416x416"):
        OnnxDetector(model, engine="openvino")


@WITH_OPENVINO
def test_openvino_refuses_a_file_that_is_no_model_in_one_line(tmp_path):
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(ModelError, match=r"model garbage: .*OpenVINO cannot load it: .*; export it again") as refused:
        OnnxDetector(load_model(garbage), engine="openvino")
    assert "\n" not in str(refused.value)


def test_an_engine_that_is_not_installed_is_named_with_the_next_step(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match=r"engine openvino: is not installed; pip install 'kerbwatch\[openvino\]'"):
        build_detector(DetectorConfig(engine="openvino"))


def test_providers_belong_to_onnx_runtime():
    with pytest.raises(ModelError, match="provider cuda: is ONNX Runtime's; leave it out with engine openvino"):
        build_detector(DetectorConfig(engine="openvino", providers=("cuda",)))
