"""A model in ONNX Runtime, the engine that is always there: how it is opened, and in which words it fails."""

import ctypes
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_agent.detectors.catalogue import Model, ModelError
from edge_agent.detectors.engine import Outputs, Port, first_line
from edge_agent.detectors.providers import runtime_names


class OnnxRuntime:
    """See Engine. Raises ModelError when a provider is missing or the file cannot be loaded."""

    failures: tuple[type[Exception], ...] = (
        onnxruntime.capi.onnxruntime_pybind11_state.Fail,
        onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
        onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
        onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
        onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented,
        onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile,
        onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException,
    )

    def __init__(self, model: Model, providers: Sequence[str], threads: int) -> None:
        names = runtime_names(providers, onnxruntime.get_available_providers())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # 4 MB less with the shipped model, at the same speed
        # Waiting threads sleep: on two busy cores a frame took 28 ms so, and 50 ms (and 1.6 times the CPU) spinning.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(model.path), options, providers=names)
        except self.failures as error:
            raise ModelError(
                f"model {model.name}: {model.path}: ONNX Runtime cannot load it: {first_line(error)}; export or pull it again"
            ) from None
        self.runs_on: Sequence[str] = self._session.get_providers()
        if names[0] not in self.runs_on:
            raise ModelError(f"provider {providers[0]}: is installed but does not start here; check its driver, or use cpu")
        self.inputs: Sequence[Port] = [Port(port.type, port.shape) for port in self._session.get_inputs()]
        self._input = self._session.get_inputs()[0].name
        _give_back()

    def run(self, blob: NDArray[np.float32]) -> Outputs:
        outputs: Outputs = self._session.run(None, {self._input: blob})
        return outputs


def _give_back() -> None:
    """Loading a model leaves freed memory of the model's size behind, 14 to 28 MB here; glibc keeps it unless it is asked."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
