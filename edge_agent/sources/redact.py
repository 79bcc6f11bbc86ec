"""A camera's URL without its secrets: the password may stand before the @, in the path or in the query."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
MAX_CHARS = 160
SHORTEST = 4  # in path and query, where most is no secret; a password's length does not matter


def shown(url: str) -> str:
    """Scheme, host and port. A second @, or one behind the host, makes it unclear which part is the password."""
    scheme, _, rest = url.partition("://")
    authority = _authority(rest)
    if not rest or "@" in rest[len(authority) :]:
        return "the URL"
    return f"{scheme}://{authority.rpartition('@')[2]}"


def redacted(text: str, url: str) -> str:
    """`text` on one line, cut to a length, without what is secret in `url`: as written, encoded and decoded."""
    text = without(" ".join(text.split()), secrets_of(url))
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + "…"


def secrets_of(url: str) -> frozenset[str]:
    """All that is secret in it: as written, encoded and decoded."""
    return frozenset(_forms(_secrets(url)))


def forms_of(password: str) -> frozenset[str]:
    """As written, encoded and decoded."""
    return frozenset(_forms({password} - {""}))


def without(text: str, secrets: Iterable[str]) -> str:
    """The longest first: one may be part of another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _authority(rest: str) -> str:
    return re.split(r"[/?#]", rest, maxsplit=1)[0]


def _secrets(url: str) -> set[str]:
    """The whole, what stands before an @ and its parts, the path, the query and its values (`channel=1` is none)."""
    rest = url.partition("://")[2] or url
    user_infos = {rest.rpartition("@")[0], _authority(rest).rpartition("@")[0]}
    parts = {part for info in user_infos for part in (info, *info.split(":", 1))}
    path, _, query = rest[len(_authority(rest)) :].partition("?")
    values = {pair.rpartition("=")[2] for pair in query.split("&")}
    return {url, *parts} - {""} | {text for text in (path.strip("/"), query, *values) if len(text) >= SHORTEST}


def _forms(secrets: set[str]) -> set[str]:
    plain = {form(secret) for secret in secrets for form in (str, unquote, unquote_plus)}
    coded = {form(secret) for secret in plain for form in (quote, quote_plus, lambda text: quote(text, safe=""))}
    basic = {base64.b64encode(secret.encode()).decode() for secret in plain if ":" in secret}  # HTTP's own form
    return plain | coded | basic
