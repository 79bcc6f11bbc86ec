"""Pixels -> detections: one engine with an ONNX file, one decoder per model family."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import COCO_OF_CLASS, TWO_WHEELERS, Detections
from edge_agent.detectors.catalogue import Model, ModelError
from edge_agent.detectors.engine import Engine, Outputs, first_line, input_bounds
from edge_agent.detectors.family import Family, Wanted
from edge_agent.detectors.letterbox import Letterbox
from edge_agent.detectors.nanodet import NANODET
from edge_agent.detectors.openvino import OpenVino
from edge_agent.detectors.session import OnnxRuntime
from edge_agent.detectors.suppress import plausible, survivors
from edge_agent.detectors.yolov8 import YOLOV8
from edge_agent.detectors.yolox import YOLOX

ENGINES: dict[str, Callable[[Model, Sequence[str], int], Engine]] = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}
FAMILIES = {"nanodet": NANODET, "yolox": YOLOX, "yolov8": YOLOV8}
TWO_WHEELER_IDS = tuple(COCO_OF_CLASS[name] for name in TWO_WHEELERS)
# Small COCO detectors see few motorcycles and invent hardly any: at 0.15 one false box in 72 frames of roads without them.
TWO_WHEELER_THRESHOLD = 0.15
PICTURE_SIZES = 16  # inputs kept ready; a site has a handful of cameras


class Prepared(NamedTuple):
    """A picture as the network takes it. The blob is the letterbox's own: valid until the next picture of that size."""

    blob: NDArray[np.float32]
    letterbox: Letterbox


class OnnxDetector:
    """`detect` is `preprocess`, `infer` and `postprocess`; they are public so that each can be timed. Not thread-safe.

    Raises ModelError when an engine or a provider is missing, or the file is no ONNX model or does not fit its family.
    """

    def __init__(
        self,
        model: Model,
        *,
        engine: str = "onnxruntime",
        providers: Sequence[str] = ("cpu",),
        threads: int = 0,
        score_threshold: float = 0.3,
        two_wheeler_threshold: float = TWO_WHEELER_THRESHOLD,
    ) -> None:
        self.model = model
        self._engine = ENGINES[engine](model, providers, threads)
        self._classes = np.array([COCO_OF_CLASS[name] for name in model.classes if name in COCO_OF_CLASS], np.int32)
        thresholds = np.full(len(self._classes), score_threshold, np.float32)
        thresholds[np.isin(self._classes, TWO_WHEELER_IDS)] = min(two_wheeler_threshold, score_threshold)
        columns = [column for column, name in enumerate(model.classes) if name in COCO_OF_CLASS]
        if not columns:
            raise ModelError(f"model {model.name}: its classes name no road user; known are {', '.join(COCO_OF_CLASS)}")
        self._wanted = Wanted(np.array(columns, np.intp), thresholds)
        self._bounds, self._stretches = input_bounds(self._engine.inputs, model)
        self._family = self._fitting_family()
        self._letterboxes: dict[tuple[int, int], Letterbox] = {}

    @property
    def providers(self) -> list[str]:
        """What the network really runs on, in the engine's words."""
        return list(self._engine.runs_on)

    @property
    def input_px(self) -> tuple[int, int]:
        """Width and height of what the network sees, at most."""
        return self._bounds

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

    def infer(self, prepared: Prepared) -> Outputs:
        return self._engine.run(prepared.blob)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Detections:
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
            try:
                outputs = self.infer(Prepared(trial.blob, trial))
            except self._engine.failures as error:
                raise ModelError(f"model {self.model.name}: does not run: {first_line(error)}; export it again") from None
            problem = family.problem(outputs, len(self.model.classes), len(trial.cells.at))
            if problem is None:
                return family
            problems.append(problem)
        got = ", ".join("x".join(map(str, output.shape)) for output in outputs)
        raise ModelError(
            f"model {self.model.name}: {self.model.path} is not {' or '.join(named)}: {'; or '.join(problems)}; got {got}; "
            "check family, input and classes in its manifest"
        )
