"""NGSI-LD entities in their short form (key-values): Alert, TrafficFlowObserved and Device of the Smart Data Models."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collector.outputs.telling import (
    FAULTS,
    NO_PLACE,
    Desk,
    Place,
    Telling,
    confidence,
    ended_s,
    headline,
    moment,
    point,
    started_s,
    utc,
)
from collector.outputs.texts import clean, number
from collector.store.questions.feeding import KnownDevice
from event_contract.messages import LaneMinute, LineMinute

CONTENT_TYPE = "application/ld+json"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
MODELS = "https://raw.githubusercontent.com/smart-data-models/dataModel.{}/master/context.jsonld"
MINUTE_S = 60.0

SUBCATEGORIES = {
    "stopped_vehicle": "carStopped",
    "illegal_parking": "carStopped",
    "wrong_way": "carWrongDirection",
    "congestion": "trafficJam",
    "suspected_accident": "carAccident",
    "pedestrian": "pedestrianOnRoad",
    "flood": "flood",
}
OTHER = "hazardOnRoad"
VEHICLE_TYPES = {"motorcycle": "motorcycle", "car": "car", "bicycle": "bicycle", "bus": "bus", "truck": "lorry"}

Entity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Minute:
    """The newest minute of a camera: when it began as told, its lanes and its count lines."""

    device: str
    site: str
    camera: str
    begins: str
    lanes: Sequence[LaneMinute]
    lines: Sequence[LineMinute]


def alerts(tellings: Iterable[Telling], desk: Desk) -> list[Entity]:
    """Faults are told by their Device."""
    return [_alert(one, desk) for one in tellings if one.alert.kind not in FAULTS]


def devices(known: Iterable[KnownDevice], tellings: Sequence[Telling], desk: Desk) -> list[Entity]:
    """`deviceState` is offline, faulty (an open fault of it or of what hangs on it) or ok."""
    faulty: dict[str, list[str]] = {}
    for one in tellings:
        if one.live and one.alert.kind in FAULTS:
            faulty.setdefault(one.alert.device, []).append(headline(one.alert, desk.place_of(one.alert), desk.languages[0]))
    return [_device(one, faulty.get(one.device, []), desk) for one in known]


def traffic(minutes: Iterable[Minute], tellings: Sequence[Telling], desk: Desk) -> list[Entity]:
    """Per lane all vehicles, and again each class that has a type of its own; per count line either direction."""
    jams = {
        (one.alert.device, one.alert.camera, one.alert.lane)
        for one in tellings
        if one.live and one.alert.kind == "congestion"
    }
    return [entity for minute in minutes if moment(minute.begins) is not None for entity in _observed(minute, jams, desk)]


def _alert(telling: Telling, desk: Desk) -> Entity:
    alert, place = telling.alert, desk.place_of(telling.alert)
    return {
        "id": desk.urn("incident", alert.id).replace("urn:uuid:", "urn:ngsi-ld:Alert:"),
        "type": "Alert",
        "category": "traffic",
        "subCategory": SUBCATEGORIES.get(alert.kind, OTHER),
        "severity": "informational" if telling.standing == "rejected" else alert.severity,
        "alertSource": _urn("Device", alert.device),
        "dateIssued": utc(telling.at_s),
        "validFrom": utc(started_s(telling)),
        **({} if telling.live else {"validTo": utc(ended_s(telling))}),
        **_where(place, desk),
        "name": clean(alert.kind),
        "description": headline(alert, place, desk.languages[0]),
        "data": {
            "kind": clean(alert.kind),
            "state": telling.standing,
            "revision": alert.seq,
            "confidence": round(confidence(alert), 3),
            "lane": clean(alert.lane or "") or None,
            "late": alert.late,
            "quiet": alert.quiet,
            "group": desk.urn("incident", alert.group).replace("urn:uuid:", "urn:ngsi-ld:Alert:") if alert.group else None,
            "exercise": alert.exercise,
            "position": place.of,
            "headline": {language: headline(alert, place, language) for language in desk.languages},
        },
        "@context": [CORE, MODELS.format("Alert")],
    }


def _device(known: KnownDevice, faults: list[str], desk: Desk) -> Entity:
    return {
        "id": _urn("Device", known.device),
        "type": "Device",
        "category": ["sensor"],
        "controlledProperty": ["motion", "occupancy", "speed"],
        "deviceState": "offline" if not known.online else "faulty" if faults else "ok",
        "dateModified": utc(known.since_s),
        "name": clean(known.device),
        **({"description": clean("; ".join(sorted(faults)), 1000)} if faults else {}),
        **_where(desk.place(known.device, known.site), desk),
        "@context": [CORE, MODELS.format("Device")],
    }


def _observed(minute: Minute, jams: set[tuple[str, str | None, str | None]], desk: Desk) -> Iterator[Entity]:
    for lane in minute.lanes:
        counts = {cls: count for cls, count in lane.counts.items() if count >= 0 and cls != "person"}
        named = (minute.device, minute.camera, "lane", lane.lane)
        jammed = bool({(minute.device, minute.camera, lane.lane), (minute.device, minute.camera, None)} & jams)
        figures = {
            **({"laneId": int(lane.lane)} if lane.lane.isascii() and lane.lane.isdigit() and len(lane.lane) < 4 else {}),
            "intensity": sum(counts.values()),
            "averageVehicleSpeed": number(lane.mean_kmh, 0.0, 400.0),
            "occupancy": number(lane.occupancy, 0.0, 1.0),
            "averageHeadwayTime": number(lane.headway_s, 0.0, 3600.0),
            "congested": jammed,
        }
        yield _flow(minute, desk, named, figures)
        for cls, kind in VEHICLE_TYPES.items():
            if cls in counts:
                yield _flow(minute, desk, (*named, cls), {"vehicleType": kind, "intensity": counts[cls]})
    for line in minute.lines:
        for direction, counts in (("forward", line.forward), ("backward", line.backward)):
            vehicles = sum(count for cls, count in counts.items() if count >= 0 and cls != "person")
            named = (minute.device, minute.camera, "line", line.line)
            yield _flow(minute, desk, (*named, direction), {"laneDirection": direction, "intensity": vehicles})


def _flow(minute: Minute, desk: Desk, named: tuple[str, ...], figures: Entity) -> Entity:
    """One of the newest minute: the next minute has the same id."""
    from_s = moment(minute.begins) or 0.0
    begins, ends = utc(from_s), utc(from_s + MINUTE_S)
    return {
        "id": desk.urn("traffic", *named).replace("urn:uuid:", "urn:ngsi-ld:TrafficFlowObserved:"),
        "type": "TrafficFlowObserved",
        "name": clean(" ".join(named)),
        "dateObserved": f"{begins}/{ends}",
        "dateObservedFrom": begins,
        "dateObservedTo": ends,
        **{name: value for name, value in figures.items() if value is not None},
        **_where(desk.place(minute.device, minute.site), desk),
        "@context": [CORE, MODELS.format("Transportation")],
    }


def _where(place: Place, desk: Desk) -> Entity:
    """Longitude first. Without a position the address stands alone: the models ask for one or the other."""
    language = desk.languages[0]
    address = {"streetAddress": place.road or getattr(NO_PLACE, language), "addressCountry": desk.feeds.country.upper()}
    return {**({"location": point(place.position)} if place.position else {}), "address": address}


def _urn(kind: str, name: str) -> str:
    """Names of devices are letters, digits and hyphens."""
    return f"urn:ngsi-ld:{kind}:{name}"
