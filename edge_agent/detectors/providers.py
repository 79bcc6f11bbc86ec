"""Names of execution providers in configuration -> those of ONNX Runtime, and what to install where one is missing."""

from collections.abc import Iterable, Sequence

from edge_agent.detectors.catalogue import ModelError

# configuration -> ONNX Runtime's name, and the package that brings it
PROVIDERS = {
    "cpu": ("CPUExecutionProvider", "onnxruntime"),
    "cuda": ("CUDAExecutionProvider", "onnxruntime-gpu"),
    "tensorrt": ("TensorrtExecutionProvider", "onnxruntime-gpu"),
    "openvino": ("OpenVINOExecutionProvider", "onnxruntime-openvino"),
    "coreml": ("CoreMLExecutionProvider", "onnxruntime"),
    "directml": ("DmlExecutionProvider", "onnxruntime-directml"),
}


def runtime_names(asked: Sequence[str], available: Iterable[str]) -> list[str]:
    """ONNX Runtime's names, in the order asked for, with the CPU last for what the others cannot do.

    Raises ModelError for a name that nobody knows or that this installation of ONNX Runtime does not have.
    """
    here = set(available)
    known_here = ", ".join(name for name, (runtime, _) in PROVIDERS.items() if runtime in here)
    for name in asked:
        if name not in PROVIDERS:
            raise ModelError(f"provider {name!r}: unknown; known are {', '.join(PROVIDERS)}; here works {known_here}")
        runtime, package = PROVIDERS[name]
        if runtime not in here:
            raise ModelError(f"provider {name}: not in this ONNX Runtime (has {known_here}); install {package} instead")
    return list(dict.fromkeys([*(PROVIDERS[name][0] for name in asked), PROVIDERS["cpu"][0]]))
