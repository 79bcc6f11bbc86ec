"""What stands still before a camera: the mean of its structure. Traffic, noise and light average out; kerbs and houses stay.

It is renewed slowly and in its own place: a picture that lies beside it is shifted back first, so that it never creeps after
a camera that sinks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.image_checks.structure import Field, Plane, Shift, Structure, length, shift_of, spectrum

LEARNT_LOOKS = 8  # of the first pictures make a reference
RENEW_S = 300.0
STANDS = 0.25  # of the structure's length: what is less is traffic and noise
BLOCK_PX = 10
BLOCK_HOLDS = 0.0075  # mean square of the structure in a block that can be judged
FLAT = 0.35  # of its structure is left in a block that is covered


@dataclass(frozen=True, slots=True)
class Comparison:
    """A picture against the reference: the share of the blocks that have lost their structure, how much of the fine detail
    is left (1: all), and the shift."""

    flat: float
    detail: float
    shift: Shift


class Reference:
    """`add` until it `is_learnt`, then `compare`, and `renew` with pictures of a healthy camera."""

    def __init__(self, field: Field | None = None, detail: float = 0.0, looks: int = 0) -> None:
        """`detail`: fine structure per steepness, of what stands."""
        self.looks, self.detail = looks, detail
        self.field = np.zeros((0, 0, 2), np.float32) if field is None else field
        self._prepare()

    @property
    def is_learnt(self) -> bool:
        return self.looks >= LEARNT_LOOKS

    def fits(self, structure: Structure) -> bool:
        """False when the camera sends pictures of another size now."""
        return self.field.shape == structure.field.shape

    def add(self, structure: Structure, share: float | None = None) -> None:
        """With `share` of the whole; without it as one of the first pictures, all of which count the same."""
        if not self.fits(structure):
            self.field, self.detail, self.looks = np.zeros_like(structure.field), 0.0, 0
        self.looks += 1
        share = 1 / self.looks if share is None else share
        self.field = self.field + share * (structure.field - self.field)
        self._prepare()
        self.detail += share * (self._detail_of(structure) - self.detail)

    def renew(self, structure: Structure, shift: Shift, step_s: float) -> None:
        """After so many seconds, with a picture at this `shift`."""
        back = np.array([[1, 0, shift.x_px], [0, 1, shift.y_px]], np.float32)
        height, width = structure.field.shape[:2]
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(structure.field, back, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
        in_place = Structure(np.asarray(moved, np.float32), structure.steepness, structure.detail)
        self.add(in_place, max(1 / (self.looks + 1), step_s / RENEW_S))

    def compare(self, structure: Structure) -> Comparison:
        kept = _blocks(self._stands * length(structure.field)) / np.maximum(self._held, 1e-6)
        flat = float(np.mean(kept[self._judged] < FLAT)) if self._judged.any() else 0.0
        detail = self._detail_of(structure) / max(self.detail, 1e-6)
        return Comparison(flat, detail, shift_of(self._spectrum, spectrum(structure.field)))

    def _prepare(self) -> None:
        if not self.field.size:
            return
        long = length(self.field)
        self._stands: Plane = np.where(long > STANDS, long, np.float32(0))
        self._held = _blocks(self._stands * long)
        self._judged = self._held > BLOCK_HOLDS
        self._spectrum = spectrum(np.where((long > STANDS)[..., None], self.field, np.float32(0)))

    def _detail_of(self, structure: Structure) -> float:
        steepness = float(np.vdot(structure.steepness, self._stands))
        return float(np.vdot(structure.detail, self._stands)) / steepness if steepness > 0 else 0.0


def _blocks(plane: Plane) -> Plane:
    """Means of squares of BLOCK_PX."""
    size = max(1, plane.shape[1] // BLOCK_PX), max(1, plane.shape[0] // BLOCK_PX)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
