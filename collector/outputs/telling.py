"""What feeds tell of an alert, whatever its format: how it stands, who tells it, where it is and since when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from collector.config.feeds import Feeds, Words
from collector.config.sites import Site
from collector.core.alerts import Alert
from collector.core.reasons import REASONS
from collector.outputs.deep_links import DeepLinks
from collector.outputs.texts import clean, number
from event_contract.kinds import INCIDENT_KINDS
from event_contract.messages import Position
from event_contract.times import parse_time

Language = Literal["vi", "en"]
Standing = Literal["open", "confirmed", "over", "rejected"]
Likelihood = Literal["certain", "likely", "possible", "unlikely"]

STANDINGS: dict[str, Standing] = {
    "open": "open",
    "acknowledged": "open",
    "confirmed": "confirmed",
    "closed": "over",
    "resolved": "over",
    "rejected": "rejected",
}  # what a later version says is told as open: better one too many than one too few
FAULTS = frozenset({"camera_fault", "sensor_fault", "device_fault"})
LIKELY_FROM = 0.5
LANE = Words(vi="làn", en="lane")
EXERCISE = Words(vi="DIỄN TẬP", en="EXERCISE")
NO_PLACE = Words(vi="vị trí chưa rõ", en="place not known")


@dataclass(frozen=True, slots=True)
class Telling:
    """An alert as it stood after one change, when that was (Unix seconds), and its changes before that, oldest first."""

    alert: Alert
    at_s: float
    earlier: tuple["Telling", ...] = ()

    @property
    def standing(self) -> Standing:
        return STANDINGS.get(self.alert.state, "open")

    @property
    def live(self) -> bool:
        return self.standing in ("open", "confirmed")

    @property
    def confirmed(self) -> bool:
        """A person said that it is true, now or before."""
        return any("confirmed" in (one.standing, one.alert.said.verdict) for one in (*self.earlier, self))


@dataclass(frozen=True, slots=True)
class Place:
    """`name` for people, empty when nobody named it. `of`: whose position it is; without one `position` is None."""

    name: str
    road: str
    position: Position | None
    of: Literal["incident", "site", "none"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who tells: the office, its sites by their names, its time, and the links into its video system."""

    feeds: Feeds = field(default_factory=Feeds)
    sites: Mapping[str, Site] = field(default_factory=dict)
    utc_offset_h: float = 7.0
    links: DeepLinks = field(default_factory=DeepLinks)

    @property
    def languages(self) -> tuple[Language, ...]:
        return tuple(dict.fromkeys(self.feeds.languages))

    def local(self, at_s: float) -> str:
        """Unix seconds -> local time in whole seconds with its offset, never Z."""
        zone = timezone(timedelta(minutes=round(60 * self.utc_offset_h)))
        return datetime.fromtimestamp(int(at_s), tz=zone).isoformat()

    def place(self, device: str, site_name: str, position: Position | None = None) -> Place:
        site = self.sites.get(device) or self.sites.get(site_name)
        road = clean(site.road) if site else ""
        name = clean(site_name) or road
        if position is not None and _on_earth(position):
            return Place(name, road or name, position, "incident")
        if site is not None and site.lon is not None and site.lat is not None:
            return Place(name, road or name, Position(site.lon, site.lat), "site")
        return Place(name, road or name, None, "none")

    def place_of(self, alert: Alert) -> Place:
        return self.place(alert.device, alert.site, alert.position)

    def link(self, telling: Telling) -> str | None:
        return self.links.of(telling.alert, started_s(telling))

    def public(self, telling: Telling) -> bool:
        """Told to everybody: only with a person's word in the configuration, and one for this alert."""
        return self.feeds.scope == "public" and bool(self.feeds.public_approved_by) and telling.confirmed

    def urn(self, *parts: str | int) -> str:
        """The same parts from the same sender have the same id, on every collector."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, '/'.join((self.feeds.sender, *map(str, parts))))}"


def title(alert: Alert, language: Language) -> str:
    kind = INCIDENT_KINDS.get(alert.kind)
    return clean(alert.title.get(language, "")) or (getattr(kind, language) if kind else clean(alert.kind)) or "?"


def headline(alert: Alert, place: Place, language: Language) -> str:
    """As in `Vehicle stopped on the carriageway, lane 2, Nguyễn Tất Thành`."""
    lane = alert.lane and f"{getattr(LANE, language)} {clean(alert.lane, 40)}"
    fault = REASONS.get(str(alert.detail.get("reason"))) if alert.kind in FAULTS else None
    exercise = EXERCISE if alert.exercise else None
    words = (exercise and getattr(exercise, language), title(alert, language), fault and getattr(fault, language))
    said = (*words, lane, place.name)
    return ", ".join(one for one in said if one)


def started_s(telling: Telling) -> float:
    """When it began; of a time that is none, when it was told first."""
    times = (moment(telling.alert.started_at), moment(telling.alert.opened_at))
    return next((at_s for at_s in times if at_s is not None), telling.at_s)


def ended_s(telling: Telling) -> float:
    """When it ended, never before it began; of a time that is none, when that was told."""
    ended = moment(telling.alert.ended_at or "")
    return max(started_s(telling), telling.at_s if ended is None else ended)


def likelihood(telling: Telling) -> Likelihood:
    if telling.standing == "rejected":
        return "unlikely"
    if telling.confirmed or telling.alert.kind in FAULTS:
        return "certain"
    return "likely" if confidence(telling.alert) >= LIKELY_FROM else "possible"


def confidence(alert: Alert) -> float:
    return number(alert.confidence, 0.0, 1.0) or 0.0


def utc(at_s: float) -> str:
    """Unix seconds -> `2026-03-02T00:15:31Z`."""
    return datetime.fromtimestamp(int(at_s), tz=UTC).isoformat().replace("+00:00", "Z")


def moment(text: str) -> float | None:
    """A time as a device told it, if it is one that every zone can tell."""
    try:
        at_s = parse_time(text)
    except (ValueError, OverflowError):
        return None
    return at_s if 0 <= at_s < 253_370_000_000 else None


def point(position: Position) -> dict[str, object]:
    """As GeoJSON: longitude first."""
    return {"type": "Point", "coordinates": [round(position.lon, 6), round(position.lat, 6)]}


def _on_earth(position: Position) -> bool:
    return number(position.lon, -180, 180) is not None and number(position.lat, -90, 90) is not None
