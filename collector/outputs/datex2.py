"""DATEX II 3.7: a SituationPublication, as a snapshot; alerts of one group are records of one situation.

The order of elements is the schema's. Speeding and faults of cameras, sensors and devices have no type there: they are left
out. A record's version is the number of the alert's newest change, so a change has a higher one, whoever made it.
"""

from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

from collector.core.alerts import Alert
from collector.outputs.telling import (
    NO_PLACE,
    Desk,
    Language,
    Likelihood,
    Place,
    Telling,
    ended_s,
    headline,
    likelihood,
    started_s,
    utc,
)
from collector.outputs.texts import clean, degrees, number
from collector.outputs.xml import XSI, document, element, typed
from event_contract.kinds import SEVERITIES as ORDER
from event_contract.kinds import Severity
from event_contract.messages import Position

CONTENT_TYPE = "application/xml"
NAMESPACES = {
    "xmlns:d2": "http://datex2.eu/schema/3/d2Payload",
    "xmlns:com": "http://datex2.eu/schema/3/common",
    "xmlns:loc": "http://datex2.eu/schema/3/locationReferencing",
    "xmlns:sit": "http://datex2.eu/schema/3/situation",
    **XSI,
}
SEVERITIES: dict[Severity, str] = {"critical": "highest", "high": "high", "medium": "medium", "low": "low"}
PROBABILITIES: dict[Likelihood, str] = {
    "certain": "certain", "likely": "probable", "possible": "riskOf", "unlikely": "riskOf",
}  # fmt: skip
STATUSES = {"actual": "real", "exercise": "securityExercise", "test": "test"}
CONFIDENTIALITY = {
    "restricted": "restrictedToAuthoritiesAndTrafficOperators",
    "private": "internalUse",
    "public": "restrictedToAuthoritiesAndTrafficOperators",  # of an alert that nobody has confirmed
}
CONGESTIONS = {"stationary": "stationaryTraffic", "queuing": "queuingTraffic", "slow": "slowTraffic"}
DEEPEST_M, LONGEST_QUEUE_M = 20.0, 100_000.0

Form = tuple[str, Callable[[Alert], list[Element]]]  # the type of the record, and what it says beyond any record


def tells(kind: str) -> bool:
    """Has DATEX II a type for it?"""
    return kind in FORMS


def render(tellings: Sequence[Telling], desk: Desk) -> bytes:
    """What has no type is skipped. The publication is as old as the newest change in it, so equal contents are equal bytes."""
    told = [one for one in tellings if tells(one.alert.kind)]
    root = typed(
        "d2:payload",
        "sit:SituationPublication",
        element("com:publicationTime", utc(max((one.at_s for one in told), default=0.0))),
        element(
            "com:publicationCreator",
            element("com:country", desk.feeds.country),
            element("com:nationalIdentifier", clean(desk.feeds.national_identifier)),
        ),
        *(_situation(one, desk) for one in _grouped(told)),
        lang=desk.languages[0],
        modelBaseVersion="3",
    )
    return document(root, NAMESPACES)


def _grouped(tellings: Sequence[Telling]) -> list[list[Telling]]:
    """What belongs together is one situation: a crash and the queue behind it."""
    groups: dict[str, list[Telling]] = {}
    for one in tellings:
        groups.setdefault(one.alert.group or one.alert.id, []).append(one)
    return list(groups.values())


def _situation(tellings: Sequence[Telling], desk: Desk) -> Element:
    first = tellings[0].alert
    public = all(desk.public(one) for one in tellings)
    worst = max((one.alert.severity for one in tellings), key=ORDER.index)
    return element(
        "sit:situation",
        element("sit:overallSeverity", SEVERITIES[worst]),
        element("sit:situationVersionTime", utc(max(one.at_s for one in tellings))),
        element(
            "sit:headerInformation",
            element("com:confidentiality", "noRestriction" if public else CONFIDENTIALITY[desk.feeds.scope]),
            element("com:informationStatus", "technicalExercise" if first.exercise else STATUSES[desk.feeds.status]),
        ),
        *(_record(one, desk) for one in tellings),
        id=_id(first.group or first.id, desk),
    )


def _record(telling: Telling, desk: Desk) -> Element:
    alert, place = telling.alert, desk.place_of(telling.alert)
    xsi_type, own = FORMS[alert.kind]
    said = {language: headline(alert, place, language) for language in desk.languages}
    return typed(
        "sit:situationRecord",
        xsi_type,
        element("sit:situationRecordCreationReference", clean(alert.id, 1000)),
        element("sit:situationRecordCreationTime", utc(started_s(telling))),
        element("sit:situationRecordVersionTime", utc(telling.at_s)),
        element("sit:probabilityOfOccurrence", PROBABILITIES[likelihood(telling)]),
        element("sit:severity", SEVERITIES[alert.severity]),
        element(
            "sit:source",
            element("com:sourceIdentification", clean(alert.device)),
            element("com:sourceName", *_in_languages({one: clean(getattr(desk.feeds.office, one)) for one in desk.languages})),
        ),
        _validity(telling),
        element("sit:nonGeneralPublicComment", element("sit:comment", *_in_languages(said))),
        _location(place, desk),
        *own(alert),
        id=f"{_id(alert.id, desk)}-1",
        version=str(alert.seq),
    )


def _validity(telling: Telling) -> Element:
    """Over: the time says so. Rejected: suspended, for it never was."""
    status = {"over": "definedByValidityTimeSpec", "rejected": "suspended"}.get(telling.standing, "active")
    return element(
        "sit:validity",
        element("com:validityStatus", status),
        element(
            "com:validityTimeSpecification",
            element("com:overallStartTime", utc(started_s(telling))),
            None if telling.live else element("com:overallEndTime", utc(ended_s(telling))),
        ),
    )


def _location(place: Place, desk: Desk) -> Element:
    """A point; where nobody knows its coordinates, a point that has a description only."""
    named = {one: place.name or getattr(NO_PLACE, one) for one in desk.languages}
    return typed(
        "sit:locationReference",
        "loc:PointLocation",
        element(
            "loc:supplementaryPositionalDescription",
            element("loc:locationDescription", *_in_languages(named)),
            element("loc:roadInformation", element("loc:roadName", place.road)) if place.road else None,
            locationPrecision=f"{desk.feeds.radius_m if place.of == 'incident' else desk.feeds.site_radius_m:.0f}",
        ),
        _coordinates(place.position) if place.position else None,
    )


def _coordinates(at: Position) -> Element:
    latitude, longitude = element("loc:latitude", degrees(at.lat)), element("loc:longitude", degrees(at.lon))
    return element("loc:pointByCoordinates", element("loc:pointCoordinates", latitude, longitude))


def _in_languages(texts: dict[Language, str]) -> list[Element]:
    return [element("com:values", *(element("com:value", text, lang=language) for language, text in texts.items()))]


def _id(alert_id: str, desk: Desk) -> str:
    return "kerbwatch-" + desk.urn("incident", alert_id).removeprefix("urn:uuid:")


def _vehicle(kind: str, mobility: str) -> Form:
    moving = element("sit:mobilityOfObstruction", element("sit:mobilityType", mobility))
    return "sit:VehicleObstruction", lambda _: [moving, element("sit:vehicleObstructionType", kind)]


def _general(kind: str) -> Form:
    return "sit:GeneralObstruction", lambda _: [element("sit:obstructionType", kind)]


def _flooding(alert: Alert) -> list[Element]:
    depth_m = number(alert.detail.get("depth_m"), 0.0, DEEPEST_M)
    depth = [] if depth_m is None else [element("sit:depth", f"{depth_m:.2f}")]
    return [*depth, element("sit:environmentalObstructionType", "flooding")]


def _congestion(alert: Alert) -> list[Element]:
    queue_m = number(alert.detail.get("queue_m"), 0.0, LONGEST_QUEUE_M)
    level = CONGESTIONS.get(str(alert.detail.get("level")), "queuingTraffic")
    length = [] if queue_m is None else [element("sit:queueLength", f"{queue_m:.0f}")]
    return [element("sit:abnormalTrafficType", level), *length]


FORMS: dict[str, Form] = {
    "stopped_vehicle": _vehicle("vehicleStuck", "stationary"),
    "illegal_parking": _vehicle("other", "stationary"),
    "wrong_way": _vehicle("vehicleOnWrongCarriageway", "mobile"),
    "fire": _vehicle("vehicleOnFire", "unknown"),
    "smoke": ("sit:EnvironmentalObstruction", lambda _: [element("sit:environmentalObstructionType", "smokeOrFumes")]),
    "flood": ("sit:EnvironmentalObstruction", _flooding),
    "congestion": ("sit:AbnormalTraffic", _congestion),
    "slow_vehicle": ("sit:AbnormalTraffic", lambda _: [element("sit:abnormalTrafficType", "slowTraffic")]),
    "suspected_accident": ("sit:Accident", lambda _: [element("sit:accidentType", "accident")]),
    "obstacle": _general("objectOnTheRoad"),
    "pedestrian": _general("peopleOnRoadway"),
}
