"""An Atom feed of alerts (RFC 4287): one entry each, with a link to the CAP document of its newest change."""

from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

from collector.outputs import cap
from collector.outputs.telling import Desk, Telling, headline, started_s
from collector.outputs.texts import clean
from collector.outputs.xml import document, element

NAMESPACE = "http://www.w3.org/2005/Atom"
CONTENT_TYPE = "application/atom+xml"
BEGINNING_S = 0.0  # of a feed without entries

Address = Callable[[Telling], str]  # of the CAP document


def render(tellings: Sequence[Telling], desk: Desk, itself: str, following: str | None, address: Address) -> bytes:
    """`itself` and `following` are the addresses of this page and the next (RFC 5005); the newest telling comes first."""
    language = desk.languages[0]
    root = element(
        "feed",
        element("id", desk.urn("feed", "cap")),
        element("title", clean(getattr(desk.feeds.office, language))),
        element("updated", desk.local(max((one.at_s for one in tellings), default=BEGINNING_S))),
        element("author", element("name", clean(getattr(desk.feeds.office, language)))),
        element("link", rel="self", type=CONTENT_TYPE, href=itself),
        element("link", rel="next", type=CONTENT_TYPE, href=following) if following else None,
        *(_entry(one, desk, address(one)) for one in tellings),
    )
    return document(root, {"xmlns": NAMESPACE})


def _entry(telling: Telling, desk: Desk, address: str) -> Element:
    alert, language = telling.alert, desk.languages[0]
    return element(
        "entry",
        element("id", desk.urn("incident", alert.id)),
        element("title", headline(alert, desk.place_of(alert), language)),
        element("updated", desk.local(telling.at_s)),
        element("published", desk.local(min(started_s(telling), telling.at_s))),
        element("link", rel="alternate", type=cap.CONTENT_TYPE, href=address),
        element("category", scheme="urn:kerbwatch:incident-kind", term=clean(alert.kind)),
        element("category", scheme="urn:kerbwatch:standing", term=telling.standing),
    )
