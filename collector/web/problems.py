"""Whatever goes wrong is told as RFC 9457 says: application/problem+json, with the `field` where one is to blame."""

import logging
import re
from collections import Counter

import msgspec
from aiohttp import web

from collector.store.engines.opening import StoreUnavailable
from collector.web.access import Handler

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
ERRORS = web.AppKey("errors", Counter[str])
_FIELD = re.compile(  # as the texts of bad requests begin: `limit: expected ...`, `url 'x': expected ...`
    r"(?P<field>[\w.\[\]-]{1,60})(?: '[^']*')?: |unknown key '(?P<unknown>[\w-]{1,60})'"
    r"|object missing required field (?P<missing>\w+)"
)
log = logging.getLogger(__name__)


class Problem(msgspec.Struct, omit_defaults=True, kw_only=True):
    """`type` is about:blank: `title` and `status` say all of it. `detail` is for people, `field` for programs."""

    type: str
    title: str
    status: int
    detail: str = ""
    field: str = ""


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The boundary of a request: an error of ours is logged, counted, and told without its insides."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _told(error)
    except StoreUnavailable as error:  # no fault of the request: it may be asked again
        unavailable = web.HTTPServiceUnavailable(text=str(error), headers={"Retry-After": str(RETRY_AFTER_S)})
        return _told(unavailable)
    except ConnectionError:
        raise
    except Exception as error:
        request.app[ERRORS][type(error).__name__] += 1
        log.exception("%s %s failed", request.method, request.match_info.route.resource)
        return _told(web.HTTPInternalServerError())


def _told(error: web.HTTPException) -> web.Response:
    detail = error.text or ""
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        detail = f"body: {detail}"
    if detail == f"{error.status}: {error.reason}":
        detail = ""
    blamed = _FIELD.match(detail) if error.status in (400, 409, 413, 415, 422, 429) else None
    field = blamed[blamed.lastgroup or 0] if blamed else ""
    problem = Problem(type="about:blank", title=error.reason, status=error.status, detail=detail, field=field)
    headers = {name: value for name, value in error.headers.items() if not name.startswith("Content-")}
    return web.Response(body=msgspec.json.encode(problem), status=error.status, content_type=CONTENT_TYPE, headers=headers)
