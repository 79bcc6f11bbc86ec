"""CAP 1.2: one document per change of an alert (OASIS Standard CAP-V1.2, 1 July 2010).

Raised is an Alert, changed an Update, over an Update with AllClear, rejected a Cancel; what comes after a Cancel is an Alert
again. All but the first refer to what was told of the alert before and has not expired.
"""

from xml.etree.ElementTree import Element

from collector.config.feeds import Words
from collector.outputs.telling import (
    FAULTS,
    NO_PLACE,
    Desk,
    Language,
    Likelihood,
    Place,
    Standing,
    Telling,
    confidence,
    headline,
    likelihood,
    started_s,
    title,
)
from collector.outputs.texts import clean, degrees
from collector.outputs.xml import document, element
from event_contract.kinds import Severity

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
CONTENT_TYPE = "application/cap+xml"
EVENT_CODE = "urn:kerbwatch:incident-kind"

SEVERITIES: dict[Severity, str] = {"critical": "Extreme", "high": "Severe", "medium": "Moderate", "low": "Minor"}
CERTAINTIES: dict[Likelihood, str] = {
    "certain": "Observed", "likely": "Likely", "possible": "Possible", "unlikely": "Unlikely",
}  # fmt: skip
RESPONSES: dict[Standing, str] = {"open": "Assess", "confirmed": "Execute", "over": "AllClear", "rejected": "None"}
CATEGORIES = {
    "fire": ("Fire", "Transport"),
    "smoke": ("Fire", "Transport"),
    "flood": ("Met", "Transport"),
    **dict.fromkeys(FAULTS, ("Infra",)),
}
POSITION_OF = {
    "incident": Words(vi="của sự việc", en="of the incident"),
    "site": Words(vi="của điểm đặt thiết bị", en="of the site"),
    "none": Words(vi="không có", en="none"),
}
LANGUAGES: dict[Language, str] = {"vi": "vi-VN", "en": "en-GB"}


def identifier(telling: Telling, desk: Desk) -> str:
    return desk.urn("alert", telling.alert.id, telling.alert.seq)


def render(telling: Telling, desk: Desk) -> bytes:
    feeds, alert = desk.feeds, telling.alert
    scope = "Public" if desk.public(telling) else "Private" if feeds.scope == "private" else "Restricted"
    restriction = " / ".join(clean(getattr(feeds.restriction, language)) for language in desk.languages)
    known = [one for one in telling.earlier if one.at_s + feeds.expires_h * 3600 > telling.at_s] or telling.earlier[-1:]
    references = " ".join(f"{feeds.sender},{identifier(one, desk)},{desk.local(one.at_s)}" for one in known)
    root = element(
        "alert",
        element("identifier", identifier(telling, desk)),
        element("sender", feeds.sender),
        element("sent", desk.local(telling.at_s)),
        element("status", "Exercise" if alert.exercise else feeds.status.title()),
        element("msgType", message_type(telling)),
        element("source", clean(alert.device)),
        element("scope", scope),
        element("restriction", restriction) if scope == "Restricted" else None,
        element("addresses", feeds.sender) if scope == "Private" else None,
        element("references", references) if references else None,
        element("incidents", " ".join(desk.urn("incident", one) for one in dict.fromkeys((alert.id, alert.group or alert.id)))),
        *(_info(telling, desk, language) for language in desk.languages),
    )
    return document(root, {"xmlns": NAMESPACE})


def message_type(telling: Telling) -> str:
    if telling.standing == "rejected":
        return "Cancel" if telling.earlier else "Alert"  # nothing was told that could be taken back
    anew = not telling.earlier or telling.earlier[-1].standing == "rejected"
    return "Alert" if anew else "Update"


def _info(telling: Telling, desk: Desk, language: Language) -> Element:
    alert, place = telling.alert, desk.place_of(telling.alert)
    link = None if desk.public(telling) else desk.link(telling)  # of no use to the public
    urgency = "Past" if not telling.live else "Unknown" if alert.late else "Immediate"
    return element(
        "info",
        element("language", LANGUAGES[language]),
        *(element("category", one) for one in CATEGORIES.get(alert.kind, ("Transport",))),
        element("event", title(alert, language)),
        element("responseType", RESPONSES[telling.standing]),
        element("urgency", urgency),
        element("severity", SEVERITIES[alert.severity]),
        element("certainty", CERTAINTIES[likelihood(telling)]),
        _pair("eventCode", EVENT_CODE, clean(alert.kind)),
        element("onset", desk.local(started_s(telling))),
        element("expires", desk.local(telling.at_s + desk.feeds.expires_h * 3600)),
        element("senderName", clean(getattr(desk.feeds.office, language))),
        element("headline", headline(alert, place, language)),
        element("web", link) if link else None,
        _pair("parameter", "confidence", f"{confidence(alert):.2f}"),
        _pair("parameter", "lane", clean(alert.lane)) if alert.lane else None,
        _pair("parameter", "camera", clean(alert.camera)) if alert.camera else None,
        _pair("parameter", "late", "true") if alert.late else None,
        _pair("parameter", "quiet", alert.quiet) if alert.quiet else None,
        _pair("parameter", "position", getattr(POSITION_OF[place.of], language)),
        _area(place, desk, language),
    )


def _area(place: Place, desk: Desk, language: Language) -> Element:
    """Latitude first, then the radius in kilometres; without a position the name alone."""
    radius_m = desk.feeds.radius_m if place.of == "incident" else desk.feeds.site_radius_m
    at = place.position
    return element(
        "area",
        element("areaDesc", place.road or getattr(NO_PLACE, language)),
        element("circle", f"{degrees(at.lat)},{degrees(at.lon)} {radius_m / 1000:.3f}") if at else None,
    )


def _pair(tag: str, name: str, value: str) -> Element:
    return element(tag, element("valueName", name), element("value", value))
