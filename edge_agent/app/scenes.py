"""Scene files from disk."""

from pathlib import Path

from edge_agent.core.scene_format import SceneError, SceneFile, parse_scene


def load_scene(path: Path) -> tuple[SceneFile, bytes]:
    """The scene and the bytes it was read from. Raises SceneError that begins with the path."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SceneError(f"{path}: cannot be read ({error.strerror}); name the scene file of the camera") from None
    try:
        return parse_scene(text), text
    except SceneError as error:
        raise SceneError(f"{path}: {error}") from None


def unseen_areas(scene: SceneFile) -> list[tuple[tuple[float, float], ...]]:
    """Polygons in which nothing is looked at."""
    return [mask.polygon for mask in scene.masks]


def road_areas(scene: SceneFile) -> list[tuple[tuple[float, float], ...]]:
    """Polygons of all that rules and counts are about; a count line is one of two points."""
    areas = [lane.polygon for lane in scene.lanes] + [area.polygon for area in (*scene.carriageway, *scene.no_stop_zones)]
    return [*areas, *(line.line for line in scene.count_lines)]


def private_masks(scene: SceneFile) -> list[tuple[tuple[float, float], ...]]:
    """Polygons that are painted into the pixels before anything else sees them."""
    return [mask.polygon for mask in scene.masks if mask.private]
