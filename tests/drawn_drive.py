"""A clip that tells something: a drawn car drives the wrong way, between two that stand. The real detector sees it."""

import json
from pathlib import Path

import cv2
import numpy as np

from tests.unit.drawn_road import HEIGHT, WIDTH, _draw_car, drawn_road

FRAMES = 64
LANE = [[0.45, 0.36], [0.56, 0.36], [0.56, 1.0], [0.44, 1.0]]
PRIVATE = [[0.0, 0.0], [0.2, 0.0], [0.2, 0.3], [0.0, 0.3]]


def write_drive(folder: Path) -> None:
    """drive.avi and scene.json; the corner at the top left is private."""
    writer = cv2.VideoWriter(str(folder / "drive.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (WIDTH, HEIGHT))
    assert writer.isOpened()
    road = drawn_road()
    for n in range(FRAMES):
        picture, y = road.copy(), 150 + 3 * n
        _draw_car(picture, 325, y, int(20 + 0.27 * (y - 132)), (170, 90, 40))
        noise = np.random.default_rng(n).normal(0, 3, picture.shape)  # a picture that stays the same is a frozen one
        writer.write(np.clip(picture + noise, 0, 255).astype(np.uint8))
    writer.release()
    scene = {
        "camera": "north",
        "ref_resolution": [WIDTH, HEIGHT],
        "lanes": [{"id": "1", "polygon": LANE, "centreline": [[0.5, 1.0], [0.5, 0.37]]}],
        "masks": [{"id": "door", "polygon": PRIVATE, "private": True}],
    }
    (folder / "scene.json").write_text(json.dumps(scene))


def site(folder: Path, broker: str, stills: str = "") -> Path:
    """The configuration of an agent that watches it; `broker` and `stills` are lines of these tables."""
    path = folder / "site.toml"
    path.write_text(
        f'device = "kerb-1"\ndata_dir = "agent"\n[broker]\nfirst_wait_s = 0.1\n{broker}\n'
        '[[cameras]]\nname = "north"\nscene = "scene.json"\nsource = { kind = "clip", path = "drive.avi", loop = true }\n'
        + (f"[stills]\n{stills}\n" if stills else "")
    )
    return path
