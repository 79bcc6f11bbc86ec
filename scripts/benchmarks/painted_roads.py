"""Simulated roads as clips for benchmarks: painted once, before anything is measured."""

from pathlib import Path

import cv2
import msgspec
from msgspec.structs import replace

from edge_agent.simulation import presets
from edge_agent.simulation.film import Film
from edge_agent.simulation.plan import LanePlan, RoadPlan, Simulation
from edge_agent.simulation.script import Pedestrian, StoppedVehicle, WrongWay
from edge_agent.simulation.truth.scenery import scene_of

JPEG_QUALITY = 95
STAGED = (
    WrongWay(at_s=14, lane="in-left", at_m=225, speed_kmh=55),
    StoppedVehicle(at_s=16, lane="out-right", at_m=72, seconds=25),
    Pedestrian(at_s=44, road="out", at_m=68),
)


def empty(plan: Simulation) -> Simulation:
    return replace(with_traffic(plan, 0.0), script=())


def with_traffic(plan: Simulation, share: float) -> Simulation:
    """Its flows times `share`."""

    def thinner(lane: LanePlan) -> LanePlan:
        return replace(lane, flow_per_h={cls: share * flow for cls, flow in lane.flow_per_h.items()})

    def quieter(road: RoadPlan) -> RoadPlan:
        return replace(road, lanes=tuple(thinner(lane) for lane in road.lanes))

    crossings = tuple(replace(one, people_per_h=share * one.people_per_h) for one in plan.crossings)
    return replace(plan, roads=tuple(quieter(road) for road in plan.roads), crossings=crossings)


def motorway() -> Simulation:
    return presets.load("motorway")


def paint(plan: Simulation, folder: Path, seconds: float, fps: float | None = None) -> tuple[Path, Path]:
    """Clip and scene file in `folder`, named after the plan."""
    plan = replace(plan, fps=fps or plan.fps, duration_s=seconds)
    clip, scene = folder / f"{plan.name}.avi", folder / f"{plan.name}.json"
    scene.write_bytes(msgspec.json.encode(scene_of(plan)))
    film = Film(plan)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), plan.fps, plan.camera.size_px)
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, JPEG_QUALITY)
    for _ in range(round(seconds * plan.fps)):
        writer.write(film.picture())
    writer.release()
    return clip, scene
