"""A model in OpenVINO, from the same ONNX file. It computes in the processor's short floats where there are any (bfloat16, or
float16 on ARM), and there takes about half the time of ONNX Runtime for a file that is not quantised."""

from collections.abc import Sequence
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.catalogue import Model, ModelError
from edge_agent.detectors.engine import Outputs, Port, first_line


class OpenVino:
    """See Engine. Raises ModelError when the package is missing or the file cannot be loaded."""

    failures: tuple[type[Exception], ...] = (RuntimeError,)
    runs_on: Sequence[str] = ("OpenVINO CPU",)

    def __init__(self, model: Model, providers: Sequence[str], threads: int) -> None:
        if tuple(providers) != ("cpu",):
            raise ModelError(f"provider {providers[0]}: is ONNX Runtime's; leave it out with engine openvino")
        try:
            openvino = import_module("openvino")
        except ImportError:
            raise ModelError(
                "engine openvino: is not installed; pip install 'kerbwatch[openvino]', or use the engine onnxruntime"
            ) from None
        wishes = {"PERFORMANCE_HINT": "LATENCY"} | ({"INFERENCE_NUM_THREADS": threads} if threads else {})
        try:
            compiled = openvino.Core().compile_model(str(model.path), "CPU", wishes)
        except self.failures as error:
            reason = first_line(error)
            raise ModelError(f"model {model.name}: {model.path}: OpenVINO cannot load it: {reason}; export it again") from None
        types = {openvino.Type.f32: "tensor(float)"}
        self.inputs: Sequence[Port] = [
            Port(
                types.get(port.element_type, f"tensor({port.element_type.get_type_name()})"),
                [side.get_length() if side.is_static else None for side in port.partial_shape],
            )
            for port in compiled.inputs
        ]
        self._request = compiled.create_infer_request()
        self._outputs = range(len(compiled.outputs))

    def run(self, blob: NDArray[np.float32]) -> Outputs:
        self._request.infer({0: blob}, share_inputs=True)
        return [self._request.get_output_tensor(index).data.copy() for index in self._outputs]
