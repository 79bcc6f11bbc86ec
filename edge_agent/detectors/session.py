"""A model in ONNX Runtime: how it is opened, what its input is, and in which words it fails."""

import ctypes
from collections.abc import Sequence
from contextlib import suppress

import onnxruntime

from edge_agent.detectors.catalogue import Model, ModelError
from edge_agent.detectors.providers import runtime_names

DEFAULT_INPUT = (416, 416)  # for a file that takes any shape and is in no manifest
FAILURES = (
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented,
    onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile,
    onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException,
)


def open_session(model: Model, providers: Sequence[str], threads: int) -> onnxruntime.InferenceSession:
    names = runtime_names(providers, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads sleep: on two busy cores a frame took 28 ms so, and 50 ms (and 1.6 times the CPU) spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(model.path), options, providers=names)
    except FAILURES as error:
        raise ModelError(
            f"model {model.name}: {model.path}: ONNX Runtime cannot load it: {first_line(error)}; export or pull it again"
        ) from None
    if names[0] not in session.get_providers():
        raise ModelError(f"provider {providers[0]}: is installed but does not start here; check its driver, or use cpu")
    give_back()
    return session


def input_bounds(session: onnxruntime.InferenceSession, model: Model) -> tuple[tuple[int, int], bool]:
    """Width and height of the input, and whether it may be smaller. Fixed in the file, else as the manifest says."""
    got = [(port.type, port.shape) for port in session.get_inputs()]
    match got:
        case [("tensor(float)", [1 | str() | None, 3, height, width])]:
            pass
        case _:
            raise ModelError(f"model {model.name}: expected one float input 1x3xHxW, got {got}; export it so")
    if not (isinstance(height, int) and isinstance(width, int)):
        return model.input or DEFAULT_INPUT, True
    if height % 32 or width % 32 or model.input not in (None, (width, height)):
        expected = "x".join(map(str, model.input)) if model.input else "multiples of 32"
        raise ModelError(f"model {model.name}: takes {width}x{height}, expected {expected}; correct its manifest")
    return (width, height), False


def give_back() -> None:
    """Loading a model leaves freed memory of the model's size behind, 14 to 28 MB here; glibc keeps it unless it is asked."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
