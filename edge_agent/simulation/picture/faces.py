"""Bodies -> coloured polygons in the picture, far to near: every face of every body in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body
from edge_agent.simulation.mast import Mast
from edge_agent.simulation.picture.light import SUN, Lighting
from edge_agent.simulation.picture.meshes import mesh_of, step_of
from edge_agent.simulation.picture.solids import Array, Glow

DETAIL_PX = (32.0, 80.0)  # height in the picture from which more faces are drawn
BLINK_HZ = 1.5
LIT = {
    Glow.HEAD: np.array([225.0, 250.0, 255.0]),
    Glow.TAIL: np.array([40.0, 30.0, 190.0]),
    Glow.LEFT: np.array([40.0, 160.0, 255.0]),
    Glow.RIGHT: np.array([40.0, 160.0, 255.0]),
}
BRAKE = np.array([90.0, 70.0, 255.0])


@dataclass(frozen=True, slots=True)
class Faces:
    """f visible faces, those of one body together: corners (f, 4, 2) pixels, colours (f, 3) BGR; `body` (f,) is its place in
    the given order."""

    corners_px: Array
    colours: Array
    body: NDArray[np.int64]


def faces_of(bodies: Sequence[Body], mast: Mast, lighting: Lighting, sun: Array, lamplight: Array, t_s: float) -> Faces:
    """`bodies` far to near; `sun` (n,) is the sunlight's share at each, `lamplight` (n, 3) what street lamps add."""
    depth = mast.project(np.array([(body.x_m, body.y_m, body.height_m / 2) for body in bodies]))[1]
    tall = mast.focal_px * np.array([body.height_m for body in bodies]) / np.maximum(depth, 1.0)
    detail = np.searchsorted(DETAIL_PX, tall).tolist()
    meshes = [mesh_of(body.cls, body.look, some, step_of(body)) for body, some in zip(bodies, detail, strict=True)]
    owner = np.repeat(np.arange(len(bodies)), [len(mesh.lift_m) for mesh in meshes])
    corners = _placed(bodies, np.concatenate([mesh.quads for mesh in meshes]), owner)
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    middle = corners.mean(axis=1)
    to_eye = mast.centre - middle
    far = np.linalg.norm(to_eye, axis=1)
    pixels, depths = mast.project(corners.reshape(-1, 3))
    seen = ((normals * to_eye).sum(axis=1) > 0) & (depths.reshape(-1, 4).min(axis=1) > 1.0)
    lift = np.concatenate([mesh.lift_m for mesh in meshes])
    kept = np.flatnonzero(seen)
    kept = kept[np.lexsort((lift[kept] - far[kept], owner[kept]))]
    owner = owner[kept]
    normal = normals[kept] / np.maximum(np.linalg.norm(normals[kept], axis=1, keepdims=True), 1e-12)
    gloss = np.concatenate([mesh.gloss for mesh in meshes])[kept]
    paint = np.concatenate([mesh.colours for mesh in meshes])[kept]
    colours = _shade(paint, gloss, normal, to_eye[kept] / far[kept, None], sun[owner], lamplight[owner], lighting)
    colours = _shining(colours, np.concatenate([mesh.glow for mesh in meshes])[kept], owner, bodies, lighting, t_s)
    clear = np.exp(-lighting.haze_per_m * far[kept])[:, None]
    colours = np.clip(colours * clear + lighting.haze * (1 - clear), 0, 255)
    return Faces(pixels.reshape(-1, 4, 2)[kept], colours, owner)


def _placed(bodies: Sequence[Body], quads: Array, owner: NDArray[np.int64]) -> Array:
    """Fractions -> metres on the road, (f, 4, 3)."""
    rows = np.array([(b.x_m, b.y_m, np.cos(b.heading), np.sin(b.heading), b.length_m, b.width_m, b.height_m) for b in bodies])
    x, y, cos, sin, length, width, height = rows[owner].T[..., None]
    ahead, left = quads[..., 0] * length, quads[..., 1] * width
    return np.stack([x + cos * ahead - sin * left, y + sin * ahead + cos * left, quads[..., 2] * height], axis=2)


def _shade(paint: Array, gloss: Array, normal: Array, to_eye: Array, sun: Array, lamps: Array, lighting: Lighting) -> Array:
    """Flat shading: sky from above, road from below, sun, street lamps, and what glossy faces mirror of the sky."""
    up = normal[:, 2:]
    facing = np.maximum(normal @ SUN, 0.0) * sun
    light = lighting.sky * (0.86 + 0.24 * up) + facing[:, None] * lighting.sun + lamps * (0.6 + 0.4 * np.maximum(up, 0))
    light = light + (sun * 0.1)[:, None] * lighting.sun * (1 - up)
    mirrored = 2 * (normal * to_eye).sum(axis=1, keepdims=True) * normal - to_eye
    fresnel = (1 - np.clip((normal * to_eye).sum(axis=1), 0, 1)) ** 3
    sky = np.clip(mirrored[:, 2:] * 1.6 + 0.15, 0, 1) * (lighting.horizon * 0.6 + lighting.zenith * 0.4)
    glint = np.maximum(mirrored @ SUN, 0.0) ** 24 * sun * gloss
    share = (gloss * (0.07 + 0.5 * fresnel))[:, None]
    return np.asarray(paint * light * (1 - share) + sky * share + 170 * glint[:, None] * lighting.sun)


def _shining(
    colours: Array, glow: NDArray[np.int64], owner: NDArray[np.int64], bodies: Sequence[Body], lighting: Lighting, t_s: float
) -> Array:
    """Faces that are lamps which are on."""
    blink = t_s * BLINK_HZ % 1 < 0.5
    braking = np.array([body.braking for body in bodies])[owner]
    hazard = np.array([body.hazard for body in bodies])[owner] & blink
    for kind, colour in LIT.items():
        on = np.full(len(glow), lighting.lamps_on) if kind in (Glow.HEAD, Glow.TAIL) else hazard
        colours[(glow == kind) & on] = colour
    colours[(glow == Glow.TAIL) & braking] = BRAKE
    return colours
