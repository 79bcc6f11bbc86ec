"""A YOLO11n with random weights as ONNX, whose head is set so that it answers with a known number of boxes per picture.

    python -m scripts.benchmarks.beside.random_yolo CLIP OUT

A random head says nothing, or the same everywhere. So its boxes are made two cells wide, which keeps neighbours apart in
non-maximum suppression, and its scores for "car" are spread and shifted until BOXES cells of an average picture pass.
Runs in the benchmark's own environment; no weights are fetched.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from ultralytics import YOLO

PIXELS, CAR, BOXES = 416 * 256, 2, 10
SPREAD, AT, NEVER = 8.0, -1.1, -20.0  # logits; AT: of the score 0.25, from which a box counts
SHARP = 12.0  # logit of the bin that says: one stride from the cell's centre to this side
PICTURES, EVERY = 25, 16


def main() -> None:
    clip, out = sys.argv[1:]
    torch.manual_seed(1)
    yolo = YOLO("yolo11n.yaml", task="detect", verbose=False)
    batch = pictures(clip)
    network = settled(yolo.model.float(), batch)
    set_head(network, batch)
    height, width = batch.shape[2:]
    yolo.model.names = {number: str(number) for number in range(80)}
    exported = yolo.export(format="onnx", imgsz=(height, width), simplify=True, device="cpu", verbose=False)
    Path(exported).replace(out)


def pictures(clip: str) -> torch.Tensor:
    """Some of the clip's first pictures, RGB 0..1, in a size that fills the input: both sides then see the same."""
    video, taken = cv2.VideoCapture(clip), []
    while len(taken) < PICTURES * EVERY and (read := video.read())[0]:
        taken.append(read[1])
    size = filled(taken[0].shape[1] / taken[0].shape[0])
    scaled = [cv2.resize(picture, size)[..., ::-1].transpose(2, 0, 1) for picture in taken[::EVERY]]
    return torch.from_numpy(np.stack(scaled).astype(np.float32) / 255)


def filled(aspect: float) -> tuple[int, int]:
    """Width and height in whole cells, of this aspect or nearly so, and of about as many pixels as 416 x 256."""
    sizes = [(width, height) for width in range(256, 577, 32) for height in range(160, 481, 32)]
    return min(sizes, key=lambda size: 4 * abs(size[0] / size[1] / aspect - 1) + abs(size[0] * size[1] / PIXELS - 1))


@torch.no_grad()
def settled(network: torch.nn.Module, batch: torch.Tensor) -> torch.nn.Module:
    """With the pictures' own statistics in its normalisation; without them the signal fades away layer by layer."""
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the mean of all that is seen
    network.train()(batch)
    return network.eval()


@torch.no_grad()
def set_head(network: torch.nn.Module, batch: torch.Tensor) -> None:
    head = network.model[-1]
    seen: list[list[torch.Tensor]] = [[] for _ in head.cv3]
    hooks = [
        level[-1].register_forward_hook(lambda _, __, output, into=into: into.append(output[:, CAR].flatten(1)))
        for level, into in zip(head.cv3, seen, strict=True)
    ]
    network(batch)
    for hook in hooks:
        hook.remove()
    share = BOXES / sum(cells[0][0].numel() for cells in seen)
    for level, sides, cells in zip(head.cv3, head.cv2, seen, strict=True):
        (logits,) = cells
        gain = SPREAD / logits.std()
        threshold = torch.quantile(logits.flatten(), 1 - share)
        scores, last = level[-1], sides[-1]
        scores.weight[CAR] *= gain
        scores.bias[CAR] = (scores.bias[CAR] - threshold) * gain + AT
        scores.weight[torch.arange(len(scores.bias)) != CAR] = 0
        scores.bias[torch.arange(len(scores.bias)) != CAR] = NEVER
        last.bias.view(4, -1)[:, 1] += SHARP


if __name__ == "__main__":
    main()
