"""The reference of a camera on the disk, so that a camera that was moved while nobody looked is noticed after the restart."""

import io
from hashlib import sha256
from pathlib import Path

import numpy as np

from edge_agent.files import whole_file
from edge_agent.image_checks.reference import Reference

MAX_BYTES = 1_000_000
DIGEST_BYTES = sha256().digest_size
STEPS = 127  # of a field that is -1..1
Shift = tuple[float, float]


def save_reference(path: Path, reference: Reference, scene_sha256: str, registered: Shift) -> None:
    """`registered`: the shift by which the scene's zones are moved now. Raises OSError."""
    packed = io.BytesIO()
    np.savez_compressed(
        packed, field=np.int8(np.round(reference.field * STEPS)), detail=np.float64(reference.detail),
        looks=np.int64(reference.looks), registered=np.array(registered), scene=np.array(scene_sha256),
    )  # fmt: skip
    with whole_file(path) as file:
        file.write(sha256(packed.getvalue()).digest() + packed.getvalue())


def load_reference(path: Path, scene_sha256: str) -> tuple[Reference, Shift]:
    """A new one where there is none, where it cannot be read, or where it belongs to a scene that has been changed since."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return Reference(), (0.0, 0.0)
        text = path.read_bytes()
        digest, packed = text[:DIGEST_BYTES], text[DIGEST_BYTES:]
        if sha256(packed).digest() != digest:  # a damaged card: what numpy would say of it is anybody's guess
            return Reference(), (0.0, 0.0)
        with np.load(io.BytesIO(packed), allow_pickle=False) as kept:
            if str(kept["scene"]) != scene_sha256:
                return Reference(), (0.0, 0.0)
            field = np.asarray(kept["field"], np.float32) / np.float32(STEPS)
            x, y = (float(one) for one in kept["registered"])
            detail, looks = float(kept["detail"]), int(kept["looks"])
    except (OSError, ValueError, KeyError):  # none yet, or not ours: learn it anew
        return Reference(), (0.0, 0.0)
    if field.ndim != 3 or field.shape[2] != 2 or not np.isfinite([x, y, detail]).all():
        return Reference(), (0.0, 0.0)
    return Reference(field, detail, looks), (x, y)
