"""Who is told of alerts by webhook, e-mail or MQTT, and what became of it. A secret is shown once, when it is made."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from collector.core import signing
from collector.core.errors import WrongUse
from collector.core.subscribing import Secret, Subscriber, Wish
from collector.outputs.addresses import check_url
from collector.outputs.mail import check_address
from collector.outputs.mqtt_republish import check_prefix
from collector.store.alerts import deliveries, subscriptions
from collector.store.alerts.alert_book import AlertBook
from collector.store.alerts.deliveries import NOTHING_WAITS, Counts
from collector.web import answered
from collector.web.access import allow
from collector.web.alert_actions import body, perform
from collector.web.api import answer, ask, limit, number
from collector.web.asked import DeliveriesAsked
from collector.web.services import SERVICES, Services
from event_contract.times import format_time

LONGEST_OVERLAP_H = 7 * 24.0
MOST_SUBSCRIBERS = 100
SECRETS_AT_ONCE = 3  # signatures in one header, when one rotation follows another

routes = web.RouteTableDef()
_NAMED = "/api/v1/subscriptions/{name:[a-z0-9-]{1,40}}"


class Rotation(msgspec.Struct, forbid_unknown_fields=True):
    """For so long the old secret signs as well."""

    overlap_h: float = 24.0


@routes.get("/api/v1/subscriptions")
@allow("engineer", answer=answered.Subscriptions)
async def list_(request: web.Request) -> web.Response:
    waiting = await ask(request, deliveries.counts)
    found = await ask(request, subscriptions.all_of)
    return answer({"subscriptions": [_shown(one, waiting.get(one.id, NOTHING_WAITS)) for one in found]})


@routes.post("/api/v1/subscriptions")
@allow("engineer", body=Wish, answer=answered.NewSecret)
async def add(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    wish = await body(request, Wish)
    try:
        _check(wish, services)
    except WrongUse as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    secret = signing.secret_of(secrets.token_bytes(32)) if wish.way == "webhook" else None
    made = Subscriber(
        id=secrets.token_hex(12),
        wish=wish,
        secrets=(Secret(secret),) if secret else (),
        utc_offset_h=services.desk.utc_offset_h,
        added_at=time.time(),
    )

    def put(book: AlertBook) -> str | None:
        known = subscriptions.all_of(book.db)
        if any(one.wish.name == wish.name for one in known):
            return f"name: {wish.name!r} is there already; remove it first, or choose another"
        if len(known) >= MOST_SUBSCRIBERS:
            return f"{MOST_SUBSCRIBERS} subscribers are there, and no more are told"
        subscriptions.put(book.db, made)
        return None

    if refused := await perform(request, put):
        raise web.HTTPConflict(text=refused)
    return answer({**_shown(made), "secret": secret})


@routes.delete(_NAMED)
@allow("engineer", answer=answered.Subscription)
async def remove(request: web.Request) -> web.Response:
    """With all that waits for it; the answer is the subscriber as it was."""
    return answer(_shown(await _change(request, subscriptions.remove)))


@routes.post(_NAMED + "/rotate")
@allow("engineer", body=Rotation, answer=answered.NewSecret)
async def rotate(request: web.Request) -> web.Response:
    """A new secret for a webhook; for a while the old one signs as well. One that was disabled is told again from now on."""
    overlap_h = (await body(request, Rotation)).overlap_h
    if not 0 <= overlap_h <= LONGEST_OVERLAP_H:
        raise web.HTTPBadRequest(text=f"overlap_h: expected 0 to {LONGEST_OVERLAP_H:g}, got {overlap_h:g}")
    if (await _known(request)).wish.way != "webhook":
        raise web.HTTPBadRequest(text=f"name: {request.match_info['name']} is told by other means, which have no secret here")
    secret, now = signing.secret_of(secrets.token_bytes(32)), time.time()

    def turn(db: Any, known: Subscriber) -> None:
        ends = now + 3600 * overlap_h
        old = [Secret(one.text, min(ends, one.until or ends)) for one in known.secrets if one.text in known.valid(now)]
        kept = tuple(old[: SECRETS_AT_ONCE - 1]) if overlap_h else ()
        subscriptions.put(db, msgspec.structs.replace(known, secrets=(Secret(secret), *kept), disabled=None))

    return answer({**_shown(await _change(request, turn)), "disabled": None, "secret": secret})


@routes.post(_NAMED + "/test")
@allow("engineer", answer=answered.TestMessage)
async def test(request: web.Request) -> web.Response:
    """Send a test now, once, and tell what the receiver answered."""
    sender = request.app[SERVICES].sender
    if sender is None:
        raise web.HTTPServiceUnavailable(text="this collector tells no subscribers")
    reply = await sender.try_out(await _known(request))
    return answer({"delivered": reply.taken, "outcome": reply.outcome})


@routes.get(_NAMED + "/deliveries")
@allow("engineer", query=DeliveriesAsked, answer=answered.Deliveries)
async def told(request: web.Request) -> web.Response:
    subscriber = await _known(request)
    found = await ask(request, deliveries.listed, subscriber, limit(request), number(request, "before"))
    return answer({"deliveries": found})


async def _known(request: web.Request) -> Subscriber:
    found: Subscriber | None = await ask(request, subscriptions.named, request.match_info["name"])
    return _there(request, found)


async def _change(request: web.Request, work: Callable[[Any, Subscriber], Any]) -> Subscriber:
    """Do it with the subscriber of the path, which is the answer, as it was."""

    def run(book: AlertBook) -> Subscriber | None:
        known = subscriptions.named(book.db, request.match_info["name"])
        if known is not None:
            work(book.db, known)
        return known

    return _there(request, await perform(request, run))


def _check(wish: Wish, services: Services) -> None:
    """Raises WrongUse for what this collector cannot tell."""
    match wish.way:
        case "webhook":
            check_url(wish.url, services.webhooks)
        case "mail":
            check_address(wish.url)
        case "mqtt":
            check_prefix(wish.url)
    if services.sender is not None and wish.way not in services.sender.ways:
        table = {"mail": "mail", "mqtt": "republish"}[wish.way]
        raise WrongUse(f"url: this collector tells nobody by {wish.way}; [{table}] in its configuration says where that goes")


def _there(request: web.Request, found: Subscriber | None) -> Subscriber:
    if found is None:
        raise web.HTTPNotFound(text=f"no subscription {request.match_info['name']}")
    return found


def _shown(subscriber: Subscriber, counts: Counts = NOTHING_WAITS) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(subscriber.wish),
        "added_at": format_time(subscriber.added_at),
        "secrets": len(subscriber.valid(time.time())),
        "disabled": subscriber.disabled,
        "waiting": counts.waiting,
        "held": counts.held,
    }
