"""The scorecard over HTTP: people's verdicts turned into figures."""

import time

from aiohttp import web

from collector.core import answers
from collector.store.alerts import scoring
from collector.web.access import allow
from collector.web.api import answer, ask, moment
from collector.web.asked import Span

DEFAULT_SPAN_S = 30 * 86400.0
routes = web.RouteTableDef()


class ScorecardAsked(Span, kw_only=True):
    """Alerts opened in a span of time; without one, in the last 30 days."""


@routes.get("/api/v1/scorecard")
@allow("viewer", query=ScorecardAsked, answer=answers.Scorecard)
async def scorecard(request: web.Request) -> web.Response:
    first_s, before_s = moment(request, "from"), moment(request, "to")
    before_s = time.time() if before_s is None else before_s
    first_s = before_s - DEFAULT_SPAN_S if first_s is None else first_s
    return answer(await ask(request, scoring.scored, first_s, before_s))
