"""The converter, on a small TensorFlow graph whose answer plain numpy gives, and the proof of the package."""

import base64

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx")

TO_NHWC, TO_NCHW = [0, 2, 3, 1], [0, 3, 1, 2]
SIDE, CHANNELS, MADE = 8, 3, 5


@pytest.fixture
def scripts(monkeypatch, request):
    monkeypatch.syspath_prepend(str(request.config.rootpath / "scripts"))
    import build_default_model
    import tfjs_to_onnx

    return build_default_model, tfjs_to_onnx


def _node(op, name, *inputs, **attr):
    return {"op": op, "name": name, "input": list(inputs), "attr": attr}


def _window(step):
    return {"padding": {"s": base64.b64encode(b"VALID").decode()}, "strides": {"list": {"i": ["1", step, step, "1"]}}}


NODES = [
    {"op": "Placeholder", "name": "input_1"},
    _node("SparseToDense", "shape", "where", "length", "given", "zero"),  # constants only: folds to [1, channels, cells]
    _node("Pad", "padded", "input_1", "one_around"),
    _node("Transpose", "seen", "padded", "to_nhwc"),
    _node("Conv2D", "conv", "seen", "kernel", **_window("2")),
    _node("Add", "biased", "conv", "bias"),
    _node("ResizeBilinear", "large", "biased", "eight", half_pixel_centers={"b": True}),
    _node("Transpose", "back", "large", "to_nchw"),
    _node("LeakyRelu", "relu", "back", alpha={"f": 0.1}),
    _node("SplitV", "parts", "relu", "sizes", "axis"),
    _node("Sigmoid", "scores", "parts"),
    _node("ConcatV2", "joined", "scores", "parts:1", "axis"),
    _node("Reshape", "flat", "joined", "shape"),
    _node("Transpose", "Identity", "flat", "swap"),
]


def _constants(rng):
    return {
        "one_around": np.array([[0, 0], [0, 0], [1, 1], [1, 1]]),
        "to_nhwc": np.array(TO_NHWC), "to_nchw": np.array(TO_NCHW), "swap": np.array([0, 2, 1]),
        "kernel": rng.normal(size=(3, 3, CHANNELS, MADE)).astype(np.float32),
        "bias": rng.normal(size=MADE).astype(np.float32),
        "eight": np.array([SIDE, SIDE]), "sizes": np.array([2, 3]), "axis": np.array(1),
        "where": np.array([[0], [1], [2]]), "length": np.array([3]),
        "given": np.array([1, MADE, SIDE * SIDE]), "zero": np.array(0),
    }  # fmt: skip


def _by_hand(picture, kernel, bias):
    """Convolution with stride 2 and zeros around, doubled bilinearly at half-pixel centres, and so on, on (h, w, c)."""
    padded = np.pad(picture, [(1, 1), (1, 1), (0, 0)])
    out = np.empty((4, 4, MADE))
    for y, x in np.ndindex(4, 4):
        out[y, x] = (padded[2 * y : 2 * y + 3, 2 * x : 2 * x + 3, :, None] * kernel).sum((0, 1, 2))
    for axis in (0, 1):
        at = np.clip((np.arange(SIDE) + 0.5) / 2 - 0.5, 0, 3)
        low, part = at.astype(int), (at % 1).reshape([-1 if i == axis else 1 for i in range(3)])
        out = np.take(out, low, axis) * (1 - part) + np.take(out, np.minimum(low + 1, 3), axis) * part
    out = out + bias
    out = np.where(out > 0, out, 0.1 * out)
    out[..., :2] = 1 / (1 + np.exp(-out[..., :2]))
    return out.reshape(1, -1, MADE)


def _session(graph, path):
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    weights = [onnx.numpy_helper.from_array(values, name) for name, values in graph.weights.items()]
    ports = [helper.make_tensor_value_info("input_1", real, [1, CHANNELS, None, None])]
    made = [helper.make_tensor_value_info(graph.values["Identity"].name, real, [1, None, MADE])]
    body = helper.make_graph(graph.nodes, "small", ports, made, weights)
    onnx.save(helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_a_small_graph_gives_the_same_numbers_and_loses_its_transposes(scripts, tmp_path):
    rng = np.random.default_rng(0)
    constants = _constants(rng)
    graph = scripts[1].Conversion(dict(constants), SIDE)
    graph.convert(NODES)
    assert [node.op_type for node in graph.nodes] == [
        "Conv", "Resize", "LeakyRelu", "Split", "Sigmoid", "Concat", "Reshape", "Transpose"
    ]  # fmt: skip
    session = _session(graph, tmp_path / "small.onnx")
    picture = rng.normal(size=(SIDE, SIDE, CHANNELS)).astype(np.float32)
    (answer,) = session.run(None, {"input_1": picture.transpose(2, 0, 1)[None]})
    np.testing.assert_allclose(answer, _by_hand(picture, constants["kernel"], constants["bias"]), atol=1e-5)
    wide = session.run(None, {"input_1": np.zeros((1, CHANNELS, SIDE, 3 * SIDE), np.float32)})[0]
    assert wide.shape == (1, 3 * SIDE * SIDE, MADE)


@pytest.mark.parametrize("wrong", [{"one_around": [[0, 0], [1, 1], [0, 0], [0, 0]]}, {"eight": [SIDE, SIDE]}])
def test_what_the_converter_does_not_know_it_refuses(scripts, wrong):
    nodes = [dict(node) for node in NODES]
    if "eight" in wrong:
        nodes[6] = _node("ResizeBilinear", "large", "biased", "eight", half_pixel_centers={"b": False})
    constants = _constants(np.random.default_rng(0)) | {name: np.array(values) for name, values in wrong.items()}
    with pytest.raises(ValueError, match=r"padded: only height and width|large: only half-pixel centres"):
        scripts[1].Conversion(constants, SIDE).convert(nodes)


def test_the_weight_file_is_read_whole(scripts):
    manifest = [{"weights": [
        {"name": "a", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {"name": "b", "shape": [], "dtype": "int32"},
    ]}]  # fmt: skip
    blob = np.array([1.5, -2], np.float16).tobytes() + np.int32(7).tobytes()
    read = scripts[1].read_constants(manifest, blob)
    assert read["a"].dtype == np.float32
    assert (read["a"].tolist(), read["b"].item()) == ([1.5, -2.0], 7)
    with pytest.raises(ValueError, match="describes 8 bytes, got 9"):
        scripts[1].read_constants(manifest, blob + b"\0")


def test_a_package_with_another_integrity_is_refused(scripts, tmp_path):
    (tmp_path / "package.tgz").write_bytes(b"something else")
    with pytest.raises(SystemExit, match=r"package.tgz: integrity sha512-.*, expected sha512-qTqdbwQW"):
        scripts[0].unpack(tmp_path / "package.tgz")
