"""What each format says of alerts: document -> (UUID, how it stands). Read as its standard has it, from outside."""

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

Phase = Literal["raised", "confirmed", "over"]
PHASES: tuple[Phase, ...] = get_args(Phase)
Told = tuple[str, Phase]

ATOM = "{http://www.w3.org/2005/Atom}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
COMMON = "{http://datex2.eu/schema/3/common}"
SITUATION = "{http://datex2.eu/schema/3/situation}"
OF_STATE: dict[str, Phase] = {
    "open": "raised", "acknowledged": "raised", "confirmed": "confirmed", "over": "over", "closed": "over", "resolved": "over",
}  # fmt: skip
OF_RESPONSE: dict[str | None, Phase] = {"Assess": "raised", "Execute": "confirmed", "AllClear": "over"}


def uuid_of(sender: str, alert: str) -> str:
    """The same in every feed of this sender, whichever collector tells it."""
    return str(uuid5(NAMESPACE_URL, f"{sender}/incident/{alert}"))


def cap_links(feed: bytes) -> list[str]:
    """Addresses of the CAP documents that an Atom feed names."""
    return [link.attrib["href"] for link in ElementTree.fromstring(feed).findall(f"{ATOM}entry/{ATOM}link")]


def cap(document: bytes) -> Iterator[Told]:
    alert = ElementTree.fromstring(document)
    phase = OF_RESPONSE.get(alert.findtext(f"{CAP}info/{CAP}responseType"))
    if phase is not None:
        yield _bare(alert.findtext(f"{CAP}incidents", "")), phase


def datex2(document: bytes) -> Iterator[Told]:
    for situation in ElementTree.fromstring(document).iter(f"{SITUATION}situation"):
        certain = situation.findtext(f".//{SITUATION}probabilityOfOccurrence") == "certain"
        over = situation.find(f".//{COMMON}overallEndTime") is not None
        yield situation.attrib["id"].removeprefix("kerbwatch-"), "over" if over else "confirmed" if certain else "raised"


def ngsi_ld(document: bytes) -> Iterator[Told]:
    yield from _told((one["id"], one["data"]["state"]) for one in json.loads(document) if one["type"] == "Alert")


def geojson(document: bytes) -> Iterator[Told]:
    features = ((one["id"], one["properties"]) for one in json.loads(document)["features"])
    yield from _told((identity, told["state"]) for identity, told in features if told["feature"] == "alert")


def stream(alert: dict[str, Any], sender: str) -> Iterator[Told]:
    """An alert as the API tells it."""
    yield from _told([(uuid_of(sender, alert["id"]), alert["state"])])


def _told(found: Any) -> Iterator[Told]:
    return ((_bare(identity), OF_STATE[state]) for identity, state in found if state in OF_STATE)


def _bare(urn: str) -> str:
    return urn.rpartition(":")[2]
