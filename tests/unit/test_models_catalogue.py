"""The manifest, what ships with it, and what is said when a model cannot be had."""

import re
import shutil

import pytest

from edge_agent import bundled
from edge_agent.config import DetectorConfig
from edge_agent.detectors.catalogue import COCO, ModelError, list_models, load_model, locate, sha256_of, verify

MODELS = bundled.folder("models")
OWN = """
[[model]]
name = "mine"
family = "yolov8"
file = "mine.onnx"
sha256 = "{sha256}"
bytes = 5
input = [640, 384]
licence = "Apache-2.0"
origin = "trained here"
classes = ["car", "motorcycle", "tuk-tuk"]
"""


def test_what_ships_is_what_the_manifest_says(tmp_path):
    shipped = [entry for entry in list_models(tmp_path) if locate(entry, tmp_path)]
    assert {entry.name for entry in shipped} >= {"nanodet-g-416", "nanodet-g-416-int8"}
    for entry in shipped:
        path = verify(entry, tmp_path)
        assert path.stat().st_size == entry.bytes
    assert {entry.file for entry in shipped} == {path.name for path in MODELS.glob("*.onnx")}


def test_every_model_has_its_licence_text_origin_and_place_in_the_card(tmp_path):
    card = (MODELS / "README.md").read_text(encoding="utf-8")
    for entry in list_models(tmp_path):
        assert (MODELS / "LICENSES" / f"{entry.licence}.txt").is_file()
        assert f"`{entry.name}`" in card


def test_the_default_of_the_configuration_is_a_known_model_that_ships(tmp_path):
    model = load_model(DetectorConfig().model, tmp_path)
    assert model.path.parent == MODELS
    assert model.classes == COCO
    assert {number: name for number, name in enumerate(COCO) if name} == {
        0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"
    }  # fmt: skip


def test_an_unknown_model_is_answered_with_those_that_are_known(tmp_path):
    with pytest.raises(ModelError, match=r"model 'resnet': unknown; known are nanodet-g-416, .*yolox-nano"):
        load_model("resnet", tmp_path)


def test_a_model_that_is_not_here_says_how_to_pull_it(tmp_path):
    with pytest.raises(ModelError, match=r"model yolox-nano: not here yet; run `edge-agent models pull yolox-nano`"):
        load_model("yolox-nano", tmp_path)
    with pytest.raises(ModelError, match=r"pull yolox-nano-mirror` \(from .*--from DIR\|URL\)"):
        load_model("yolox-nano-mirror", tmp_path)
    with pytest.raises(ModelError, match=r"model /nowhere/my.onnx: there is no such file"):
        load_model("/nowhere/my.onnx", tmp_path)


def test_a_file_with_another_hash_is_refused_with_both_hashes_and_the_next_step(tmp_path):
    entry = next(entry for entry in list_models(tmp_path) if entry.name == "nanodet-g-416-int8")
    broken = tmp_path / entry.file
    shutil.copy(MODELS / entry.file, broken)
    with broken.open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\xff\0\xff")
    said = f"{re.escape(str(broken))} has SHA-256 {sha256_of(broken)}, expected {entry.sha256}; delete it and run"
    with pytest.raises(ModelError, match=said):
        load_model(entry.name, tmp_path)


def test_a_users_folder_adds_models_with_their_own_classes(tmp_path):
    (tmp_path / "mine.onnx").write_bytes(b"bytes")
    (tmp_path / "manifest.toml").write_text(OWN.format(sha256=sha256_of(tmp_path / "mine.onnx")), encoding="utf-8")
    model = load_model("mine", tmp_path)
    assert (model.family, model.input, model.classes) == ("yolov8", (640, 384), ("car", "motorcycle", "tuk-tuk"))
    assert "nanodet-g-416" in [entry.name for entry in list_models(tmp_path)]


@pytest.mark.parametrize(
    "text, said",
    [
        ("model = [", r"manifest.toml: .*at end of document"),
        (OWN.format(sha256="12"), r"manifest.toml: model\[0\].sha256: "),
        (OWN.format(sha256="0" * 64).replace("yolov8", "resnet"), r"manifest.toml: model\[0\].family: .*got 'resnet'"),
        (OWN.format(sha256="0" * 64).replace("mine.onnx", "../mine.onnx"), r"manifest.toml: model\[0\].file: "),
    ],
)
def test_a_broken_manifest_names_file_and_place(tmp_path, text, said):
    (tmp_path / "manifest.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=said):
        list_models(tmp_path)
