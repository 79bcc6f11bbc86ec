"""The table of incidents: the key in a scene's `rules`, its parameters, and what judges it."""

from msgspec import Struct, field

from edge_agent.core.incidents.camera_fault import CameraFaultRule
from edge_agent.core.incidents.congestion import CongestionRule
from edge_agent.core.incidents.illegal_parking import IllegalParkingRule
from edge_agent.core.incidents.obstacle import ObstacleRule
from edge_agent.core.incidents.pedestrian import PedestrianRule
from edge_agent.core.incidents.slow_vehicle import SlowVehicleRule
from edge_agent.core.incidents.speeding import SpeedingRule
from edge_agent.core.incidents.stopped_vehicle import StoppedVehicleRule
from edge_agent.core.incidents.suspected_accident import SuspectedAccidentRule
from edge_agent.core.incidents.wrong_way import WrongWayRule


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """A scene's `rules`; what is left out keeps its default."""

    stopped_vehicle: StoppedVehicleRule = field(default_factory=StoppedVehicleRule)
    wrong_way: WrongWayRule = field(default_factory=WrongWayRule)
    pedestrian: PedestrianRule = field(default_factory=PedestrianRule)
    congestion: CongestionRule = field(default_factory=CongestionRule)
    speeding: SpeedingRule = field(default_factory=SpeedingRule)
    slow_vehicle: SlowVehicleRule = field(default_factory=SlowVehicleRule)
    illegal_parking: IllegalParkingRule = field(default_factory=IllegalParkingRule)
    suspected_accident: SuspectedAccidentRule = field(default_factory=SuspectedAccidentRule)
    obstacle: ObstacleRule = field(default_factory=ObstacleRule)
    camera_fault: CameraFaultRule = field(default_factory=CameraFaultRule)

    def other_than(self, other: "Rules") -> frozenset[str]:
        """The kinds whose rule differs."""
        return frozenset(name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name))

    def observing(self) -> tuple[float, float, float]:
        """What decides before any rule judges: who stands, who crawls, who rides. As Observer takes it."""
        return self.stopped_vehicle.creep_share, self.stopped_vehicle.crawl_share, self.pedestrian.rider_kmh

    def durations_s(self) -> dict[str, float]:
        """How long each kind must last before it is raised: what a delay is measured without."""
        return {
            "stopped_vehicle": self.stopped_vehicle.dwell_s,
            "wrong_way": self.wrong_way.duration_s,
            "pedestrian": self.pedestrian.dwell_s,
            "congestion": self.congestion.duration_s,
            "speeding": self.speeding.duration_s,
            "slow_vehicle": self.slow_vehicle.duration_s,
            "illegal_parking": self.illegal_parking.dwell_s,
            "suspected_accident": self.suspected_accident.dwell_s,
            "obstacle": self.obstacle.dwell_s,
            "camera_fault": self.camera_fault.duration_s,
        }
