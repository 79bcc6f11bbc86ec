"""Whatever goes wrong is told as RFC 9457 says: application/problem+json, without its insides."""

import logging
from collections import Counter

import msgspec
from aiohttp import web

from edge_agent.web.access import Handler
from edge_agent.web.services import SERVICES

CONTENT_TYPE = "application/problem+json"
ERRORS = web.AppKey("errors", Counter[str])
log = logging.getLogger(__name__)


class Problem(msgspec.Struct, omit_defaults=True, kw_only=True):
    """`type` is about:blank: `title` and `status` say all of it. `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str = ""


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The boundary of a request: refusals are counted, an error of ours is logged, too."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        request.app[SERVICES].door.refused[error.status] += 1
        return _told(error)
    except ConnectionError:
        return web.Response()  # he has hung up, and nobody reads it
    except Exception as error:
        request.app[ERRORS][type(error).__name__] += 1
        log.exception("%s %s failed", request.method, request.match_info.route.resource)
        return _told(web.HTTPInternalServerError())


def _told(error: web.HTTPException) -> web.Response:
    detail = "" if error.text == f"{error.status}: {error.reason}" else error.text or ""
    problem = Problem(type="about:blank", title=error.reason, status=error.status, detail=detail)
    headers = {name: value for name, value in error.headers.items() if not name.startswith("Content-")}
    return web.Response(body=msgspec.json.encode(problem), status=error.status, content_type=CONTENT_TYPE, headers=headers)
