"""A plan -> a scene folder: simulation.toml, scene.json, truth.json, tracks.csv, and what a detector would have seen.

`detections.txt` comes from the model of a detector, at hundreds of frames a second; without it, `edge-agent evaluate` paints
the pictures and looks at them with the real one.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from edge_agent.core.failure import WrongInput
from edge_agent.core.types import Detections
from edge_agent.simulation.mast import mast_of
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.seeing import SeeingEye, condition, fitted
from edge_agent.simulation.toml import to_toml
from edge_agent.simulation.truth.keeper import HEADER, TruthKeeper, track_rows
from edge_agent.simulation.truth.scenery import scene_of
from edge_agent.simulation.truth.sight import look
from edge_agent.simulation.world.staging import Play
from edge_agent.sources.recorded import write_detections

Progress = Callable[[int, int | None], None]


def write_folder(
    plan: Simulation, folder: Path, detector: str | None = None, tracks: bool = True,
    progress: Progress = lambda done, expected: None,
) -> None:  # fmt: skip
    """`detector`: write detections.txt as this model would see it. Raises SceneError, WrongInput."""
    numbers = None if detector is None else _numbers(detector, plan)
    scene = scene_of(plan)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "simulation.toml").write_text(to_toml(plan), encoding="utf-8")
    (folder / "scene.json").write_bytes(msgspec.json.format(msgspec.json.encode(scene), indent=1))
    truth = TruthKeeper(plan, scene)
    seen = _played(plan, truth, folder / "tracks.csv" if tracks else None, numbers, progress)
    if numbers is None:
        for _ in seen:
            pass
    else:
        write_detections(folder / "detections.txt", seen, plan.camera.size_px)
    # the truth comes last: a folder without it is no scene folder
    _replace(folder / "truth.json", msgspec.json.format(msgspec.json.encode(truth.document()), indent=1))


def _played(
    plan: Simulation, truth: TruthKeeper, tracks: Path | None, eye: SeeingEye | None, progress: Progress
) -> Iterator[Detections]:
    """The whole duration; yields what the eye sees, picture by picture."""
    play, mast, total = Play(plan), mast_of(plan.camera), round(plan.duration_s * plan.fps)
    rows = None if tracks is None else tracks.open("w", encoding="ascii")
    if rows is not None:
        rows.write(HEADER)
    try:
        for number in range(1, total + 1):
            snapshot = play.step()
            sight = look(mast, snapshot)
            truth.update(snapshot.t_s, sight)
            if rows is not None:
                rows.writelines(track_rows(number, sight, plan.camera.size_px))
            if eye is not None:
                yield eye.see(snapshot.t_s, sight)
            progress(number, total)
    finally:
        if rows is not None:
            rows.close()


def _numbers(detector: str, plan: Simulation) -> SeeingEye:
    lights = fitted().detectors.get(detector)
    if lights is None:
        raise WrongInput(f"no model of {detector!r}; there is one of {', '.join(sorted(fitted().detectors))}")
    name = condition(plan.light, plan.weather)
    if name not in lights:
        raise WrongInput(f"the model of {detector} does not know {name}; it knows {', '.join(sorted(lights))}")
    return SeeingEye(lights[name], plan.seed, plan.camera.size_px)


def _replace(path: Path, text: bytes) -> None:
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(text)
    temporary.rename(path)
