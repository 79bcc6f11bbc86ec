"""One camera, from detections to what is worth saying. Reads as the recipe; holds all state of the camera's core."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from edge_agent.core import geometry
from edge_agent.core.incidents.congestion import Congestion
from edge_agent.core.incidents.pedestrian import Pedestrian
from edge_agent.core.incidents.stopped_vehicle import StoppedVehicle
from edge_agent.core.incidents.wrong_way import WrongWay
from edge_agent.core.observation import Observer
from edge_agent.core.scene import Scene
from edge_agent.core.scene_format import SceneFile, build_scene
from edge_agent.core.tracker import Tracker
from edge_agent.core.traffic import Traffic
from edge_agent.core.types import Detections, IncidentReport, RoadUser, TrafficMinute

Incident = StoppedVehicle | WrongWay | Pedestrian | Congestion


class Pipeline:
    """`update` per frame; `road_users` and `open_incidents` are the last frame's, for whoever draws them."""

    def __init__(self, file: SceneFile, minute_offset_s: float = 0.0) -> None:
        """`minute_offset_s`: how far into a minute of the wall clock the frames' time 0 lies."""
        self.scene = build_scene(file)
        self.origin = None if file.calibration is None else file.calibration.origin
        self.road_users: list[RoadUser] = []
        self.open_incidents: dict[int, IncidentReport] = {}
        self._tracker = Tracker(count(1))
        self._observer = Observer(self.scene)
        self._traffic = Traffic(self.scene, file.count_lines, minute_offset_s)
        self._incidents = _incidents(file, self.scene, count(1))

    def update(self, at_s: float, detections: Detections) -> list[IncidentReport | TrafficMinute]:
        # 1. nothing is detected in a mask
        detections = unmasked(self.scene.masks, detections)
        # 2. the same road user keeps its id
        tracks = self._tracker.update(at_s, detections)
        # 3. where it is on the road, and how fast
        self.road_users = self.scene.locate(at_s, tracks)
        # 4. who stands, who queues
        observation = self._observer.update(at_s, self.road_users)
        # 5. traffic state, and what the rules say
        said: list[IncidentReport | TrafficMinute] = [*self._traffic.update(at_s, observation)]
        for incident in self._incidents:
            for report in incident.update(at_s, observation):
                said.append(report)
                self._remember(report)
        return said

    def flush(self) -> list[TrafficMinute]:
        """What is left to say when the clip ends."""
        return self._traffic.flush()

    def _remember(self, report: IncidentReport) -> None:
        if report.phase == "end":
            self.open_incidents.pop(report.number, None)
        else:
            self.open_incidents[report.number] = report


def unmasked(masks: tuple[geometry.Array, ...], detections: Detections) -> Detections:
    """Detections whose middle lies in no mask."""
    if not masks or not len(detections):
        return detections
    middles = (detections.boxes[:, :2] + detections.boxes[:, 2:]).astype(np.float64) / 2
    hidden = np.any([geometry.inside(mask, middles) for mask in masks], axis=0)
    return Detections(detections.boxes[~hidden], detections.scores[~hidden], detections.classes[~hidden])


def _incidents(file: SceneFile, scene: Scene, numbers: Iterator[int]) -> list[Incident]:
    """The rules that are on, in order: what outranks comes first."""
    rules = file.rules
    incidents: list[Incident] = []
    if rules.wrong_way.enabled:
        incidents.append(WrongWay(rules.wrong_way, scene, numbers))
    if rules.congestion.enabled:
        incidents.append(Congestion(rules.congestion, scene, numbers))
    if rules.stopped_vehicle.enabled:
        incidents.append(StoppedVehicle(rules.stopped_vehicle, scene, numbers))
    if rules.pedestrian.enabled:
        incidents.append(Pedestrian(rules.pedestrian, scene, numbers))
    return incidents
