"""GeoJSON (RFC 7946) for maps: alerts and devices. What has no position has the geometry null, and says so."""

from collections.abc import Iterable
from typing import Any

from collector.outputs.telling import Desk, Place, Telling, confidence, ended_s, headline, point, started_s, title, utc
from collector.outputs.texts import clean
from collector.store.questions.feeding import KnownDevice

CONTENT_TYPE = "application/geo+json"

Feature = dict[str, Any]


def collection(features: Iterable[Feature]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def feature(identity: str, place: Place, properties: dict[str, Any]) -> Feature:
    """`position` tells whose it is: incident, site or none."""
    geometry = point(place.position) if place.position else None
    known = {**properties, "site": place.name, "road": place.road, "position": place.of}
    return {"type": "Feature", "id": identity, "geometry": geometry, "properties": known}


def alert(telling: Telling, desk: Desk) -> Feature:
    told, place = telling.alert, desk.place_of(telling.alert)
    properties = {
        "feature": "alert",
        "alert": clean(told.id, 1000),
        "version": told.seq,
        "kind": clean(told.kind),
        "title": {language: title(told, language) for language in desk.languages},
        "headline": {language: headline(told, place, language) for language in desk.languages},
        "severity": told.severity,
        "state": telling.standing,
        "confidence": round(confidence(told), 3),
        "device": clean(told.device),
        "camera": clean(told.camera or "") or None,
        "lane": clean(told.lane or "") or None,
        "late": told.late,
        "quiet": told.quiet,
        "group": desk.urn("incident", told.group) if told.group else None,
        "exercise": told.exercise,
        "started_at": utc(started_s(telling)),
        "changed_at": utc(telling.at_s),
        "link": desk.link(telling),
        "ended_at": None if telling.live else utc(ended_s(telling)),
    }
    return feature(desk.urn("incident", told.id), place, properties)


def device(known: KnownDevice, desk: Desk) -> Feature:
    properties = {"feature": "device", "device": known.device, "online": known.online, "since": utc(known.since_s)}
    return feature(desk.urn("device", known.device), desk.place(known.device, known.site), properties)
