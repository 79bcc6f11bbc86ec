"""The rules of one camera that are on: which there are, and in which order they judge."""

from collections.abc import Iterator

from edge_agent.core.incidents.congestion import Congestion
from edge_agent.core.incidents.illegal_parking import IllegalParking
from edge_agent.core.incidents.obstacle import Obstacle
from edge_agent.core.incidents.pedestrian import Pedestrian
from edge_agent.core.incidents.rules import Rules
from edge_agent.core.incidents.slow_vehicle import SlowVehicle
from edge_agent.core.incidents.speeding import Speeding
from edge_agent.core.incidents.stopped_vehicle import StoppedVehicle
from edge_agent.core.incidents.suspected_accident import SuspectedAccident
from edge_agent.core.incidents.wrong_way import WrongWay
from edge_agent.core.scene import Scene

Incident = (
    StoppedVehicle
    | WrongWay
    | Pedestrian
    | Congestion
    | Speeding
    | SlowVehicle
    | IllegalParking
    | SuspectedAccident
    | Obstacle
)


def switched_on(rules: Rules, scene: Scene, numbers: Iterator[int]) -> list[Incident]:
    """The rules that are on, in order: what outranks comes first."""
    incidents: list[Incident] = []
    if rules.wrong_way.enabled:
        incidents.append(WrongWay(rules.wrong_way, scene, numbers))
    if rules.congestion.enabled:
        incidents.append(Congestion(rules.congestion, scene, numbers))
    if rules.suspected_accident.enabled:
        incidents.append(SuspectedAccident(rules.suspected_accident, scene, numbers))
    if rules.stopped_vehicle.enabled:
        incidents.append(StoppedVehicle(rules.stopped_vehicle, scene, numbers))
    if rules.obstacle.enabled:
        incidents.append(Obstacle(rules.obstacle, scene, numbers))
    if rules.pedestrian.enabled:
        incidents.append(Pedestrian(rules.pedestrian, scene, numbers))
    if rules.illegal_parking.enabled and scene.no_stop_zones:
        incidents.append(IllegalParking(rules.illegal_parking, scene, numbers))
    if rules.speeding.enabled and any(lane.highest_kmh for lane in scene.lanes):
        incidents.append(Speeding(rules.speeding, scene, numbers))
    if rules.slow_vehicle.enabled and any(lane.lowest_kmh for lane in scene.lanes):
        incidents.append(SlowVehicle(rules.slow_vehicle, scene, numbers))
    return incidents
