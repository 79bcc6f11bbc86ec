"""A TensorFlow.js graph model (topology JSON + weight file) -> ONNX, for plain convolutional detectors.

TensorFlow keeps pictures as NHWC and this export jumps between NHWC and NCHW around every convolution. Here every tensor is
kept in NCHW and remembers only how TensorFlow sees it, so each of those transposes is a change of label and no node; padding
moves into the convolution that follows it, and so does the bias. Names of outputs stay those of TensorFlow.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

OPSET = 13  # Split and Squeeze take their sizes as inputs from here on; every runtime in use reads it
IR_VERSION = 8

Array = NDArray[Any]
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the ONNX graph. `axes` says which NCHW axis TensorFlow's axis i is; () for anything that is no picture."""

    name: str
    axes: tuple[int, ...] = ()
    height: int = 0
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right: asked for and not yet applied
    padding_value: float = 0.0


NCHW, NHWC = (0, 1, 2, 3), (0, 2, 3, 1)


def read_constants(manifest: list[Any], blob: bytes) -> dict[str, Array]:
    """The weight file's tensors by name; weights stored as float16 come back as float32."""
    constants, at = {}, 0
    for entry in (weight for group in manifest for weight in group["weights"]):
        stored = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        values = np.frombuffer(blob, stored, count, at).reshape(entry["shape"])
        constants[entry["name"]] = values.astype(entry["dtype"])
        at += count * stored.itemsize
    if at != len(blob):
        raise ValueError(f"weight file: the topology describes {at} bytes, got {len(blob)}")
    return constants


class Conversion:
    """The walk over TensorFlow's nodes: what is known so far, and the ONNX nodes and weights that came of it."""

    def __init__(self, constants: dict[str, Array], input_height: int) -> None:
        self.constants = constants
        self.input_height = input_height
        self.values: dict[str, Value] = {}
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, Array] = {}

    def convert(self, nodes: list[Node]) -> None:
        for node in nodes:
            if node["op"] == "Const":
                continue
            inputs = node.get("input", [])
            if inputs and all(name in self.constants for name in inputs):
                self.constants[node["name"]] = FOLDS[node["op"]](*(self.constants[name] for name in inputs))
            else:
                CONVERTERS[node["op"]](self, node)

    def emit(self, op: str, name: str, inputs: list[str], outputs: list[str] | None = None, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(op, inputs, outputs or [name], name, **attributes))

    def weight(self, name: str, values: Array) -> str:
        self.weights[name] = np.ascontiguousarray(values)
        return name

    def picture(self, name: str) -> Value:
        """The value under TensorFlow's name; padding that waits is an error, for only some operators can take it."""
        value = self.values[name]
        if any(value.padding):
            raise ValueError(f"{name}: padding before an operator that has no padding of its own")
        return value


def _placeholder(graph: Conversion, node: Node) -> None:
    graph.values[node["name"]] = Value(node["name"], NCHW, graph.input_height)


def _transpose(graph: Conversion, node: Node) -> None:
    value, order = graph.values[node["input"][0]], [int(axis) for axis in graph.constants[node["input"][1]]]
    if value.axes:
        graph.values[node["name"]] = replace(value, axes=tuple(value.axes[axis] for axis in order))
    else:
        graph.emit("Transpose", node["name"], [value.name], perm=order)
        graph.values[node["name"]] = Value(node["name"])


def _pad(graph: Conversion, node: Node) -> None:
    value, amounts = graph.picture(node["input"][0]), graph.constants[node["input"][1]]
    around = np.zeros((4, 2), int)
    around[list(value.axes)] = amounts
    if around[:2].any():
        raise ValueError(f"{node['name']}: only height and width can be padded, got {amounts.tolist()}")
    (top, bottom), (left, right) = around[2:].tolist()
    fill = float(graph.constants[node["input"][2]]) if len(node["input"]) > 2 else 0.0
    graph.values[node["name"]] = replace(value, padding=(top, left, bottom, right), padding_value=fill)


def _window(value: Value, node: Node, kernel: int) -> tuple[Value, dict[str, Any]]:
    """The value after a sliding window, and the window's ONNX attributes."""
    if node["attr"]["padding"]["s"] != base64.b64encode(b"VALID").decode():
        raise ValueError(f"{node['name']}: padding {node['attr']['padding']['s']} is not known here")
    strides = [int(step) for step in node["attr"]["strides"]["list"]["i"]][1:3]
    height = (value.height + value.padding[0] + value.padding[2] - kernel) // strides[0] + 1
    attributes = {"kernel_shape": [kernel, kernel], "strides": strides, "pads": list(value.padding)}
    return Value(node["name"], NHWC, height), attributes


def _convolution(graph: Conversion, node: Node) -> None:
    value, kernel = graph.values[node["input"][0]], graph.constants[node["input"][1]]  # kernels are HWIO
    if value.axes != NHWC or value.padding_value != 0.0:
        raise ValueError(f"{node['name']}: expected NHWC with zeros around it, got {value}")
    graph.values[node["name"]], attributes = _window(value, node, kernel.shape[0])
    weight = graph.weight(node["input"][1], kernel.transpose(3, 2, 0, 1))
    graph.emit("Conv", node["name"], [value.name, weight], **attributes)


def _max_pool(graph: Conversion, node: Node) -> None:
    value = graph.values[node["input"][0]]
    if any(value.padding) and value.padding_value > float(np.finfo(np.float16).min):
        raise ValueError(f"{node['name']}: ONNX pads with the smallest number, the graph with {value.padding_value}")
    graph.values[node["name"]], attributes = _window(value, node, int(node["attr"]["ksize"]["list"]["i"][1]))
    graph.emit("MaxPool", node["name"], [value.name], **attributes)


def _add(graph: Conversion, node: Node) -> None:
    first, second = node["input"]
    value = graph.picture(first)
    if second not in graph.constants:
        graph.emit("Add", node["name"], [value.name, graph.picture(second).name])
        graph.values[node["name"]] = replace(value, name=node["name"])
        return
    source = next(made for made in graph.nodes if made.output[0] == value.name)
    if source.op_type != "Conv" or len(source.input) != 2:
        raise ValueError(f"{node['name']}: a constant can only be the bias of a convolution, got {source.op_type}")
    source.input.append(graph.weight(second, graph.constants[second]))
    graph.values[node["name"]] = value


def _activation(graph: Conversion, node: Node) -> None:
    value = graph.picture(node["input"][0])
    attributes = {"alpha": float(node["attr"]["alpha"]["f"])} if "alpha" in node["attr"] else {}
    graph.emit(node["op"], node["name"], [value.name], **attributes)
    graph.values[node["name"]] = replace(value, name=node["name"])


def _concat(graph: Conversion, node: Node) -> None:
    *names, axis = node["input"]
    values = [graph.picture(name) for name in names]
    graph.emit("Concat", node["name"], [v.name for v in values], axis=values[0].axes[int(graph.constants[axis])])
    graph.values[node["name"]] = replace(values[0], name=node["name"])


def _split(graph: Conversion, node: Node) -> None:
    name, sizes, axis = node["input"]
    value = graph.picture(name)
    outputs = [node["name"], *(f"{node['name']}:{i}" for i in range(1, len(graph.constants[sizes])))]
    counts = graph.weight(sizes, graph.constants[sizes].astype(np.int64))
    graph.emit("Split", node["name"], [value.name, counts], outputs, axis=value.axes[int(graph.constants[axis])])
    graph.values |= {output: replace(value, name=output) for output in outputs}


def _resize(graph: Conversion, node: Node) -> None:
    value, target = graph.picture(node["input"][0]), graph.constants[node["input"][1]]
    if not node["attr"]["half_pixel_centers"]["b"]:
        raise ValueError(f"{node['name']}: only half-pixel centres are known here")
    scale = float(target[0]) / value.height  # a factor, not a size: the graph then takes pictures of any shape
    scales = graph.weight(f"{node['name']}/scales", np.array([1, 1, scale, scale], np.float32))
    graph.emit("Resize", node["name"], [value.name, "", scales], mode="linear")
    graph.values[node["name"]] = replace(value, name=node["name"], height=int(target[0]))


def _reshape(graph: Conversion, node: Node) -> None:
    value, shape = graph.picture(node["input"][0]), graph.constants[node["input"][1]].astype(np.int64)
    if value.axes != NCHW or len(shape) != 3:
        raise ValueError(f"{node['name']}: expected [1, channels, cells] from NCHW, got {shape.tolist()} from {value}")
    shape[-1] = -1  # as many cells as the picture has
    graph.emit("Reshape", node["name"], [value.name, graph.weight(node["input"][1], shape)])
    graph.values[node["name"]] = Value(node["name"])


def _identity(graph: Conversion, node: Node) -> None:
    graph.values[node["name"]] = graph.values[node["input"][0]]


def _sparse_to_dense(indices: Array, shape: Array, values: Array, default: Array) -> Array:
    dense = np.full(shape, default)
    dense[tuple(np.atleast_2d(indices).T)] = values
    return dense


FOLDS: dict[str, Callable[..., Array]] = {"SparseToDense": _sparse_to_dense, "AddV2": np.add}
CONVERTERS: dict[str, Callable[[Conversion, Node], None]] = {
    "Placeholder": _placeholder, "Transpose": _transpose, "Pad": _pad, "PadV2": _pad, "Conv2D": _convolution,
    "MaxPool": _max_pool, "Add": _add, "LeakyRelu": _activation, "Sigmoid": _activation, "ConcatV2": _concat,
    "SplitV": _split, "ResizeBilinear": _resize, "Reshape": _reshape, "Identity": _identity,
}  # fmt: skip
