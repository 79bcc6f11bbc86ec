"""One camera, from detections to what is worth saying. Reads as the recipe; holds all state of the camera's core."""

from collections.abc import Callable
from itertools import count

from edge_agent.core.attention import Presence
from edge_agent.core.incidents.camera_fault import AS_DRAWN, CameraFault
from edge_agent.core.incidents.camera_view import Point
from edge_agent.core.incidents.lifecycle import dated, ended
from edge_agent.core.incidents.switched_on import switched_on
from edge_agent.core.observation import Observer
from edge_agent.core.precedence import Precedence
from edge_agent.core.scene_building import build_scene, shifted
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.shadow_rules import ShadowRules
from edge_agent.core.tracker import Tracker
from edge_agent.core.traffic import Traffic
from edge_agent.core.types import Detections, IncidentReport, PictureReading, RoadUser, TrafficMinute
from edge_agent.core.watch import Watch


class Pipeline:
    """`update` per frame; `road_users` and `open_incidents` are the last frame's, for whoever draws them."""

    def __init__(
        self, file: SceneFile, minute_offset_s: Callable[[], float] = lambda: 0.0, registered: Point = AS_DRAWN
    ) -> None:
        """`minute_offset_s`: how far into a minute of the wall clock, as it is set now, the frames' time 0 lies.
        `registered`: how far the camera's picture lay beside the scene as it was drawn, when that was last known."""
        self.origin = None if file.calibration is None else file.calibration.origin
        self.road_users: list[RoadUser] = []
        self.open_incidents: dict[int, IncidentReport] = {}
        self.unjudged = 0  # frames, because the camera did not see its road
        self._detected: Detections | None
        self._presence: Presence
        self._file, self._minute_offset_s = file, minute_offset_s
        self._shadows = () if file.shadow_rules is None else (ShadowRules(file.rules, file.shadow_rules),)
        self._track_ids, self._numbers = count(1), count(1)
        self._camera = CameraFault(file.rules.camera_fault, file.camera, file.ref_resolution, self._numbers, registered)
        self._register()

    @property
    def registered(self) -> Point:
        """The shift of the picture, in normalised image coordinates, that the scene's zones have followed."""
        return self._camera.registered

    @property
    def presence(self) -> Presence:
        """Who is in the last frame, for whoever decides whether the next one must be looked at; in doubt, somebody moves."""
        return self._presence if self._camera.sees else "blind"

    def update(
        self, at_s: float, detections: Detections | None, reading: PictureReading | None = None
    ) -> list[IncidentReport | TrafficMinute]:
        """`detections` None: the detector was spared, for nothing has moved; what it saw last is there still.
        `reading`: what the frame says of the camera itself, where it was looked at for that."""
        # 0. after a long absence everything begins anew; a camera that does not see its road is as good as away
        said: list[IncidentReport | TrafficMinute] = [*self.away(at_s)]
        said += self._looked_at(at_s, reading)
        if not self._camera.sees:
            self.unjudged += 1
            self.road_users, self._detected, self._presence = [], None, "moving"
            return said
        self._detected = detections = self._detected if detections is None else detections
        if detections is None:  # it has just begun to see again: there is nothing to go by yet
            return said
        watched_s = self._watch.look(at_s)
        # 1. nothing is detected in a mask
        detections = self.scene.unmasked(detections)
        # 2. the same road user keeps its id
        tracks = self._tracker.update(at_s, detections)
        # 3. where it is on the road, and how fast
        located = self.scene.locate(at_s, tracks)
        # 4. who rides, who stands, who queues
        things = None if reading is None else reading.things
        observation = self._observer.update(watched_s, located, self._watch.resumed, self._congested(), things)
        self.road_users = observation.road_users
        # 5. traffic state, and what the rules say
        said += self._traffic.update(at_s, observation)
        reports = [report for incident in self._incidents for report in incident.update(watched_s, observation)]
        # 6. of one place only what says most
        for report in self._precedence.settle(watched_s, reports):
            # from the rules' clock to the frames'
            told = dated(report, self._watch.away_s, self.open_incidents.get(report.number))
            said.append(told)
            self._remember(told)
        # 7. rules on trial, beside these
        for shadow in self._shadows:
            said += shadow.update(watched_s, self._watch.away_s, observation)
        # 8. who is there, for the next frame: somebody on foot may walk on
        unsure = self._tracker.doubts or any(report.kind == "pedestrian" for report in self.open_incidents.values())
        self._presence = "moving" if unsure else observation.presence(watched_s, self._tracker.still)
        return said

    def away(self, at_s: float) -> list[IncidentReport]:
        """To be called now and then while no frame comes. After UNOBSERVED_S what was seen is forgotten, what is open ends."""
        if not self._watch.is_over(at_s):
            return []
        reports = self._end_on_road(at_s, "unobserved")
        self._begin()
        return reports

    def miss(self, at_s: float) -> list[IncidentReport]:
        """To be called now and then while a frame is awaited and none comes."""
        reports = self._camera.miss(at_s)
        for report in reports:
            self._remember(report)
        return reports

    def end_incidents(self, at_s: float, by: str) -> list[IncidentReport]:
        """Nobody watches any longer: what is open ended, as far as we know, with the last frame."""
        reports = self._end_on_road(at_s, by)
        reports += [ended(report, at_s, at_s, by) for report in self.open_incidents.values()]
        self.open_incidents.clear()
        return reports

    def flush(self) -> list[TrafficMinute]:
        """What is left to say when the clip ends."""
        return self._traffic.flush()

    def _looked_at(self, at_s: float, reading: PictureReading | None) -> list[IncidentReport | TrafficMinute]:
        """What there is to say of the camera itself. When its picture has moved a little, the zones follow."""
        registered = self.registered
        said: list[IncidentReport | TrafficMinute] = []
        for report in self._camera.see(at_s, reading):
            self._remember(report)
            said.append(report)
        if self.registered != registered:
            said += [*self._traffic.flush(), *self._end_on_road(at_s, "moved")]
            self._register()
        return said

    def _register(self) -> None:
        """The scene's zones where the picture has them now."""
        file = shifted(self._file, self.registered)
        self.scene = build_scene(file)
        self._traffic = Traffic(self.scene, file.count_lines, self._minute_offset_s)
        self._begin()

    def _end_on_road(self, at_s: float, by: str) -> list[IncidentReport]:
        last_s = at_s if self._watch.last_s is None else self._watch.last_s
        on_road = [report for report in self.open_incidents.values() if report.kind != "camera_fault"]
        for report in on_road:
            del self.open_incidents[report.number]
        reports = [ended(report, at_s, last_s, by) for report in on_road]
        return reports + [report for shadow in self._shadows for report in shadow.end(at_s, last_s, by)]

    def _begin(self) -> None:
        """All that is remembered of road users, new; ids and numbers go on."""
        self.road_users = []
        self._detected, self._presence = None, "moving"
        self._watch = Watch()
        self._tracker = Tracker(self._track_ids)
        self._observer = Observer(self.scene, *self._file.rules.observing())
        self._precedence = Precedence()
        self._incidents = switched_on(self._file.rules, self.scene, self._numbers)
        for shadow in self._shadows:
            shadow.begin(self.scene)

    def _congested(self) -> frozenset[str]:
        """The lanes on which a congestion is open."""
        return frozenset(report.lane for report in self.open_incidents.values() if report.kind == "congestion" and report.lane)

    def _remember(self, report: IncidentReport) -> None:
        if report.phase == "end":
            self.open_incidents.pop(report.number, None)
        else:
            self.open_incidents[report.number] = report
