"""The other side: ultralytics' `track` with ByteTrack on the same clip and file. Runs in the benchmark's own environment.

Its session gets our options, in its favour: with ONNX Runtime's defaults its waiting threads spin.
"""

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import onnxruntime
import torch
from ultralytics import YOLO

from scripts.benchmarks.beside.account import WARM_UP, Account
from scripts.benchmarks.processes import pss_mb

ROAD_USERS = [0, 1, 2, 3, 5, 7]  # COCO


def stand_in_for_torchvision() -> None:
    """PyPI's torchvision does not load beside a torch built for the CPU; here it is asked for one thing, which OpenCV has."""

    def nms(boxes: torch.Tensor, scores: torch.Tensor, iou: float) -> torch.Tensor:
        left_top, sizes = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
        kept = cv2.dnn.NMSBoxes(torch.cat([left_top, sizes], dim=1).numpy(), scores.numpy(), 0.0, iou)
        return torch.from_numpy(kept).long()

    stand_in = ModuleType("torchvision")
    stand_in.ops = SimpleNamespace(nms=nms)  # type: ignore[attr-defined]
    sys.modules["torchvision"] = stand_in


def main() -> None:
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        stand_in_for_torchvision()
    clip, model, frames, threads, score = sys.argv[1:]
    account = Account()

    class Session(onnxruntime.InferenceSession):  # type: ignore[misc]
        def __init__(self, path: str, *_: object, **__: object) -> None:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.inter_op_num_threads = int(threads), 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            super().__init__(path, options, providers=["CPUExecutionProvider"])
            self.run = account.twice(self.run)

    onnxruntime.InferenceSession = Session
    boxes = tracked = seen = 0

    def count(predictor: Any) -> None:  # asked before the tracker, which leaves only what it follows
        nonlocal boxes
        boxes += sum(len(result.boxes) for result in predictor.results)

    yolo = YOLO(model, task="detect")
    yolo.add_callback("on_predict_postprocess_end", count)
    asked = {"conf": float(score), "iou": 0.5, "classes": ROAD_USERS, "tracker": "bytetrack.yaml", "verbose": False}
    for result in yolo.track(clip, stream=True, persist=True, device="cpu", **asked):
        tracked, seen = tracked + int(result.boxes.is_track) * len(result.boxes), seen + 1
        account.tick()
        if seen == int(frames) + WARM_UP:
            break
    seen_of = {"boxes": boxes / seen, "tracked": tracked / seen}
    print(json.dumps({**account.ms_per_frame(), **seen_of, "rules": 0.0, "pss_mb": pss_mb()}))


if __name__ == "__main__":
    main()
