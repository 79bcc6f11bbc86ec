"""A plan -> a scene folder: simulation.toml, scene.json, truth.json, tracks.csv, and what a detector would have seen.

`detections.txt` comes from the model of a detector, at a thousand frames a second, and `foreground.txt` from one of the check
for what stands there; without them, `edge-agent evaluate` paints the pictures and looks at them with the real ones.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import msgspec

from edge_agent.core.failure import WrongInput
from edge_agent.core.types import Detections, Thing
from edge_agent.files import whole_file
from edge_agent.simulation.eye import SeeingEye
from edge_agent.simulation.noticing import NOTICING, NoticingEye
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.seeing import condition, fitted
from edge_agent.simulation.toml import to_toml
from edge_agent.simulation.truth.keeper import HEADER, TruthKeeper, track_rows
from edge_agent.simulation.truth.scenery import scene_of
from edge_agent.simulation.truth.witness import Witness
from edge_agent.simulation.world.staging import Play
from edge_agent.sources.recorded import write_detections
from edge_agent.sources.recorded_things import write_things

PLAN = "simulation.toml"
Progress = Callable[[int, int | None], None]


def write_folder(
    plan: Simulation, folder: Path, detector: str | None = None, tracks: bool = True,
    progress: Progress = lambda done, expected: None,
) -> None:  # fmt: skip
    """`detector`: write detections.txt as this model would see it. What is there already of this plan stays as it is.

    Raises SceneError, and WrongInput, for a folder that holds anything else, too.
    """
    eye = None if detector is None else _eye(detector, plan)
    scene = scene_of(plan)
    _check_vacant(folder, plan)
    folder.mkdir(parents=True, exist_ok=True)
    truth = TruthKeeper(plan, scene)
    try:
        _put(folder / PLAN, to_toml(plan).encode())
        _put(folder / "scene.json", _json(scene))
        with ExitStack() as files:
            rows = files.enter_context(whole_file(folder / "tracks.csv", replace=False)) if tracks else None
            noticed: list[tuple[int, tuple[Thing, ...]]] = []
            seen = _played(plan, truth, rows, eye, noticed, progress)
            if eye is None:
                deque(seen, maxlen=0)
            else:
                write_detections(folder / "detections.txt", seen, plan.camera.size_px, replace=False)
                write_things(folder / "foreground.txt", noticed, plan.camera.size_px)
        _put(folder / "truth.json", _json(truth.document()))  # the last: a folder without it is no scene folder
    except FileExistsError as error:
        raise WrongInput(f"{error.filename}: is not what this plan gives; move it away, or name another folder") from None


def _check_vacant(folder: Path, plan: Simulation) -> None:
    """A new folder, an empty one, or one that this very plan was written into."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WrongInput(f"{folder}: is a file; name a folder")
    own = folder / PLAN
    if own.is_file() and own.read_bytes() != to_toml(plan).encode():
        raise WrongInput(f"{folder}: holds another simulation; name another folder, or delete this one")
    if not own.is_file() and any(folder.iterdir()):
        raise WrongInput(f"{folder}: holds files that no simulation wrote; name a new or an empty folder")


def _played(
    plan: Simulation, truth: TruthKeeper, rows: BinaryIO | None, eye: SeeingEye | None,
    noticed: list[tuple[int, tuple[Thing, ...]]], progress: Progress,
) -> Iterator[Detections]:  # fmt: skip
    """The whole duration, `rows` being tracks.csv; yields what the eye sees, picture by picture. What stands there is added to
    `noticed`, with the pictures' indices."""
    play, total = Play(plan), round(plan.duration_s * plan.fps)
    witness = Witness(plan, play.world.roads)
    standing = NoticingEye(NOTICING[condition(plan.light, plan.weather)], plan.seed, plan.camera.size_px)
    if rows is not None:
        rows.write(HEADER.encode())
    for number in range(1, total + 1):
        snapshot = play.step()
        sight = witness.look(snapshot)
        truth.update(snapshot.t_s, sight)
        if rows is not None:
            rows.writelines(row.encode() for row in track_rows(number, sight, plan.camera.size_px))
        if eye is not None:
            things = standing.notice(snapshot.t_s, sight)
            if things is not None:
                noticed.append((number - 1, things))
            yield eye.see(snapshot.t_s, sight)
        progress(number, total)


def _eye(detector: str, plan: Simulation) -> SeeingEye:
    lights = fitted().detectors.get(detector)
    if lights is None:
        raise WrongInput(f"no model of {detector!r}; there is one of {', '.join(sorted(fitted().detectors))}")
    name = condition(plan.light, plan.weather)
    if name not in lights:
        raise WrongInput(f"the model of {detector} does not know {name}; it knows {', '.join(sorted(lights))}")
    return SeeingEye(lights[name], plan.seed, plan.camera.size_px)


def _put(path: Path, text: bytes) -> None:
    with whole_file(path, replace=False) as file:
        file.write(text)


def _json(document: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=1)
