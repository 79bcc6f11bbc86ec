"""Pixels -> detections: one ONNX Runtime session, one decoder per model family."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge_agent.core.types import COCO_OF_CLASS, Detections
from edge_agent.detectors.catalogue import Model, ModelError
from edge_agent.detectors.family import Family, Wanted
from edge_agent.detectors.letterbox import Letterbox
from edge_agent.detectors.nanodet import NANODET
from edge_agent.detectors.providers import runtime_names
from edge_agent.detectors.suppress import plausible, survivors
from edge_agent.detectors.yolov8 import YOLOV8
from edge_agent.detectors.yolox import YOLOX

FAMILIES = {"nanodet": NANODET, "yolox": YOLOX, "yolov8": YOLOV8}
TWO_WHEELERS = (COCO_OF_CLASS["bicycle"], COCO_OF_CLASS["motorcycle"])
# Small COCO detectors see few motorcycles and invent hardly any: at 0.15 one false box in 72 frames of roads without them.
TWO_WHEELER_THRESHOLD = 0.15
DEFAULT_INPUT = (416, 416)  # for a file that takes any shape and is in no manifest
PICTURE_SIZES = 16  # inputs kept ready; a site has a handful of cameras


class Prepared(NamedTuple):
    """A picture as the network takes it. The blob is the letterbox's own: valid until the next picture of that size."""

    blob: NDArray[np.float32]
    letterbox: Letterbox


class OnnxDetector:
    """`detect` is `preprocess`, `infer` and `postprocess`; they are public so that each can be timed. Not thread-safe.

    Raises ModelError when a provider is missing, or the file is no ONNX model or does not fit its family.
    """

    def __init__(
        self,
        model: Model,
        *,
        providers: Sequence[str] = ("cpu",),
        threads: int = 0,
        score_threshold: float = 0.3,
        two_wheeler_threshold: float = TWO_WHEELER_THRESHOLD,
    ) -> None:
        self.model = model
        self._session = _open_session(model, providers, threads)
        self._input = self._session.get_inputs()[0].name
        self._classes = np.array([COCO_OF_CLASS[name] for name in model.classes if name in COCO_OF_CLASS], np.int32)
        thresholds = np.full(len(self._classes), score_threshold, np.float32)
        thresholds[np.isin(self._classes, TWO_WHEELERS)] = min(two_wheeler_threshold, score_threshold)
        columns = [column for column, name in enumerate(model.classes) if name in COCO_OF_CLASS]
        self._wanted = Wanted(np.array(columns, np.intp), thresholds)
        self._bounds, self._stretches = _bounds(self._session, model)
        self._family = self._fitting_family()
        self._letterboxes: dict[tuple[int, int], Letterbox] = {}

    @property
    def providers(self) -> list[str]:
        """What the session really runs on, in ONNX Runtime's names."""
        return list(self._session.get_providers())

    def detect(self, pixels: NDArray[np.uint8]) -> Detections:
        """BGR uint8 (height, width, 3) -> road users, best first, boxes normalised to this picture."""
        prepared = self.preprocess(pixels)
        return self.postprocess(self.infer(prepared), prepared)

    def preprocess(self, pixels: NDArray[np.uint8]) -> Prepared:
        size = (pixels.shape[1], pixels.shape[0])
        letterbox = self._letterboxes.get(size)
        if letterbox is None:
            if len(self._letterboxes) == PICTURE_SIZES:
                self._letterboxes.clear()
            letterbox = self._letterboxes[size] = Letterbox(size, self._bounds, self._stretches, self._family)
        return Prepared(letterbox.fill(pixels), letterbox)

    def infer(self, prepared: Prepared) -> list[NDArray[Any]]:
        outputs: list[NDArray[Any]] = self._session.run(None, {self._input: prepared.blob})
        return outputs

    def postprocess(self, outputs: list[NDArray[Any]], prepared: Prepared) -> Detections:
        found = self._family.decode(outputs, prepared.letterbox.cells, self._wanted)
        boxes = prepared.letterbox.normalised(found.boxes)
        possible = np.flatnonzero(plausible(boxes))
        boxes, scores, classes = boxes[possible], found.scores[possible], self._classes[found.picks[possible]]
        kept = survivors(boxes, scores, classes, self._family.suppression)
        return Detections(boxes[kept], scores[kept], classes[kept])

    def _fitting_family(self) -> Family:
        """Run once on nothing: the outputs' real shapes must fit the family, or tell it; and the first frame is warm."""
        named = [self.model.family] if self.model.family else list(FAMILIES)
        problems = []
        for family in (FAMILIES[name] for name in named):
            trial = Letterbox(self._bounds, self._bounds, self._stretches, family)
            outputs = self.infer(Prepared(trial.blob, trial))
            problem = family.problem(outputs, len(self.model.classes), len(trial.cells.at))
            if problem is None:
                return family
            problems.append(problem)
        got = ", ".join("x".join(map(str, output.shape)) for output in outputs)
        raise ModelError(
            f"model {self.model.name}: {self.model.path} is not {' or '.join(named)}: {'; or '.join(problems)}; got {got}; "
            "check family, input and classes in its manifest"
        )


def _open_session(model: Model, providers: Sequence[str], threads: int) -> onnxruntime.InferenceSession:
    names = runtime_names(providers, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads sleep: on two busy cores a frame took 28 ms so, and 50 ms (and 1.6 times the CPU) spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(model.path), options, providers=names)
    except _FAILURES as error:
        reason = str(error).splitlines()[0][:200]
        raise ModelError(f"model {model.name}: {model.path}: ONNX Runtime cannot load it: {reason}") from None
    if names[0] not in session.get_providers():
        raise ModelError(f"provider {providers[0]}: is installed but does not start here; check its driver, or use cpu")
    return session


def _bounds(session: onnxruntime.InferenceSession, model: Model) -> tuple[tuple[int, int], bool]:
    """Width and height of the input, and whether it may be smaller. Fixed in the file, else as the manifest says."""
    ports = session.get_inputs()
    shape = ports[0].shape
    if len(ports) != 1 or ports[0].type != "tensor(float)" or len(shape) != 4 or shape[:2] != [1, 3]:
        raise ModelError(f"model {model.name}: expected one float input 1x3xHxW, got {ports[0].type} {shape}; export it so")
    height, width = shape[2:]
    if not (isinstance(height, int) and isinstance(width, int)):
        return model.input or DEFAULT_INPUT, True
    if height % 32 or width % 32 or model.input not in (None, (width, height)):
        raise ModelError(f"model {model.name}: takes {width}x{height}, expected {model.input or 'multiples of 32'}")
    return (width, height), False


_FAILURES = (
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented,
    onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile,
    onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException,
)
