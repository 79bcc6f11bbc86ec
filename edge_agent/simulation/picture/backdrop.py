"""The picture without its road users, painted once: ground in its light, what stands, sky, haze."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.mast import Mast, mast_of
from edge_agent.simulation.picture.easel import FINER, SHIFT, Easel
from edge_agent.simulation.picture.furniture import Furniture, furnish
from edge_agent.simulation.picture.glow import add_street_lamps
from edge_agent.simulation.picture.ground import is_town, paint_ground
from edge_agent.simulation.picture.light import SUN, Lighting, lamplight
from edge_agent.simulation.picture.solids import Array
from edge_agent.simulation.picture.uprights import Uprights, paint_sky
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.world.road import Road

Pixels = NDArray[np.uint8]
FARTHEST_M = 1000.0  # the haze grows no denser behind
COVER = 2  # the covers' pixels per pixel of the picture
OCTAVES = ((0.06, 1.1), (0.25, 0.8), (1.1, 0.5), (5.0, 0.45), (23.0, 0.6))  # metres per cell of the texture, amplitude


@dataclass(frozen=True, slots=True)
class Cover:
    """Something that stands and may hide a road user: distance, place in a picture of COVER times the size, mask 0 or 255."""

    depth_m: float
    left: int
    top: int
    mask: Pixels


@dataclass(frozen=True, slots=True)
class Backdrop:
    """`picture` (h, w, 3) BGR; `albedo` the ground without light (black elsewhere); `bare` (h, w) 255 where nothing stands
    before the ground; `sunlit` 0..255 how much sun it has there; `ground_m` (h, w, 2) metres, NaN in the sky."""

    picture: Pixels
    albedo: Pixels
    bare: Pixels
    sunlit: Pixels
    ground_m: Array
    covers: tuple[Cover, ...]
    furniture: Furniture
    lamps_m: Array


def paint_backdrop(plan: Simulation, roads: tuple[Road, ...], mast: Mast, lighting: Lighting) -> Backdrop:
    furniture = furnish(plan, roads, mast_of(plan.camera))  # a blow to the camera does not move the trees
    lamps_m = np.array([lamp.head_m for lamp in furniture.lamps]).reshape(-1, 3)
    easel = Easel(mast)
    paint_ground(easel, plan, roads)
    width, height = mast.size_px
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    ground_m = mast.ground(np.column_stack([columns.ravel(), rows.ravel()])).reshape(height, width, 2)
    albedo = _textured(easel.pixels, ground_m, mast, plan.seed)
    lit, sunlit = _ground_light(lighting, ground_m, lamps_m, _shadows(mast, furniture, lighting))
    _replace_ground(easel, np.clip(albedo * lit, 0, 255))
    paint_sky(easel, lighting, is_town(roads), plan.seed)
    uprights = Uprights(easel, lighting, lamps_m)
    uprights.paint(furniture)
    picture = _hazed(easel, lighting, ground_m, mast)
    add_street_lamps(picture, lamps_m, mast, lighting)
    standing = cv2.resize(np.isfinite(easel.far_m).astype(np.uint8) * 255, mast.size_px, interpolation=cv2.INTER_AREA)
    bare = (standing < 128) & np.isfinite(ground_m[..., 0])
    return Backdrop(
        picture,
        np.where(bare[..., None], np.clip(albedo, 0, 255), 0).astype(np.uint8),
        np.where(bare, 255, 0).astype(np.uint8),
        np.where(bare, sunlit * 255, 0).astype(np.uint8),
        ground_m,
        tuple(cover for depth, strokes in uprights.covers if (cover := _cover(depth, strokes, mast)) is not None),
        furniture,
        lamps_m,
    )


def _textured(pixels: Pixels, ground_m: Array, mast: Mast, seed: int) -> Array:
    """The ground's colours with grain in perspective; what is finer than a pixel is left out."""
    width, height = mast.size_px
    plain = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.float64)
    tile = np.random.default_rng([seed, 13]).normal(0, 1, (512, 512)).astype(np.float32)
    far = np.hypot(ground_m[..., 0] - mast.centre[0], ground_m[..., 1] - mast.centre[1])
    footprint = np.nan_to_num(far**2 / (mast.focal_px * mast.centre[2]), nan=1e6)  # metres of road in a pixel's height
    grain = np.zeros((height, width))
    for cell, amplitude in OCTAVES:
        x, y = (np.nan_to_num(np.mod(ground_m[..., axis] / cell, 512)).astype(np.float32) for axis in (0, 1))
        noise = cv2.remap(tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        grain += amplitude * noise / (1 + (footprint / cell) ** 2)
    return np.asarray(plain[..., :3] * (1 + 0.055 * grain[..., None] * plain[..., 3:] / 100))


def _ground_light(lighting: Lighting, ground_m: Array, lamps_m: Array, shadow: Array) -> tuple[Array, Array]:
    """Light on every pixel of the ground (h, w, 3), and the sun's visibility (h, w)."""
    points = np.nan_to_num(ground_m.reshape(-1, 2), nan=1e5)
    sunlit = 1.0 - shadow
    light = lighting.sky + sunlit[..., None] * lighting.sun * SUN[2]
    if lighting.lamps > 0.01:
        light = light + lamplight(points, lamps_m, lighting.lamps).reshape(*ground_m.shape[:2], 3)
    if lighting.wet:
        light = light * 0.72
    return light, sunlit


def _shadows(mast: Mast, furniture: Furniture, lighting: Lighting) -> Array:
    """Where houses, trees and posts keep the sun away, (h, w) 0..1."""
    width, height = mast.size_px
    mask = Easel(mast)
    if lighting.sun.max() > 0.05:
        slide = -SUN[:2] / SUN[2]
        for house in furniture.houses:
            corners = np.vstack([house.corners_m, house.corners_m + slide * house.height_m]).astype(np.float32)
            mask.ground(cv2.convexHull(corners)[:, 0].astype(float), (255, 0, 0))
        for tree in furniture.trees:
            turn = np.arange(14) * 2 * np.pi / 14
            ragged = 1.1 * tree.radius_m * (1 + 0.15 * np.sin(3 * turn + tree.seed))
            rim = ragged[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
            mask.ground(np.array(tree.foot_m) + slide * (tree.height_m - tree.radius_m) + rim, (255, 0, 0))
        for lamp in furniture.lamps:
            foot, tip = np.array(lamp.foot_m), np.array(lamp.foot_m) + slide * lamp.head_m[2]
            thick = np.array([0.12, 0.0])
            mask.ground(np.array([foot, foot + thick, tip + thick, tip]), (255, 0, 0))
    soft = cv2.resize(mask.pixels[..., 0], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(soft, (0, 0), 1.2) / 255.0)


def _replace_ground(easel: Easel, lit: Array) -> None:
    """The finished ground back on the easel, for what stands to be painted over it."""
    rows, columns = easel.far_m.shape
    easel.pixels[..., :3] = cv2.resize(lit.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST)


def _hazed(easel: Easel, lighting: Lighting, ground_m: Array, mast: Mast) -> Pixels:
    """The air between, by distance; the sky has its colour already."""
    size = mast.size_px
    picture = cv2.resize(easel.pixels[..., :3], size, interpolation=cv2.INTER_AREA).astype(np.float64)
    far = np.hypot(ground_m[..., 0] - mast.centre[0], ground_m[..., 1] - mast.centre[1])
    standing = cv2.resize(easel.far_m, size, interpolation=cv2.INTER_NEAREST)
    far = np.where(np.isfinite(standing), standing, np.nan_to_num(far, nan=0.0))
    far = np.minimum(far, FARTHEST_M)
    clear = np.exp(-lighting.haze_per_m * far)[..., None]
    return np.asarray(np.clip(picture * clear + lighting.haze * (1 - clear), 0, 255), np.uint8)


def _cover(depth_m: float, strokes: list[NDArray[np.int32]], mast: Mast) -> Cover | None:
    width, height = (COVER * side for side in mast.size_px)
    if depth_m < 1 or depth_m > 150 or not strokes:
        return None
    scaled = [(stroke * (COVER / FINER) / 2**SHIFT) for stroke in strokes]
    low = np.clip(np.min([stroke.min(axis=0) for stroke in scaled], axis=0), 0, (width, height)).astype(int)
    high = np.clip(np.max([stroke.max(axis=0) for stroke in scaled], axis=0) + 2, 0, (width, height)).astype(int)
    if (high - low).min() < 2:
        return None
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    for stroke in scaled:
        cv2.fillPoly(mask, [np.round((stroke - low) * 2**SHIFT).astype(np.int32)], 255, shift=SHIFT)
    return Cover(depth_m, int(low[0]), int(low[1]), mask)
