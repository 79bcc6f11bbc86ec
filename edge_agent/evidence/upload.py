"""One still to the collector: an HTTPS POST, once. What goes wrong is said in words, for whoever asked."""

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import msgspec

from edge_agent.core.failure import Failure, WrongInput
from event_contract.commands import StillRequest

PATIENCE_S = 15.0


class NotUploaded(Failure):
    """Why the collector does not have it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """`url` as the device's configuration has it; `ca`: the file of the authority behind the collector's certificate, where the
    machine itself does not trust it."""

    url: str
    ca: str | None = None


class _Problem(msgspec.Struct):
    detail: str = ""


def check(to: Destination) -> None:
    """Raises WrongInput for a `ca` that is no certificate."""
    try:
        ssl.create_default_context(cafile=to.ca)
    except (OSError, ssl.SSLError) as error:
        raise WrongInput(f"stills.ca {to.ca}: {error.strerror or error}; name the authority's certificate, PEM") from None


def upload(to: Destination, request: StillRequest, jpeg: bytes, taken_at: str) -> None:
    """Raises NotUploaded."""
    parts = urlsplit(to.url)
    path = f"{parts.path.rstrip('/')}/api/v1/stills/{quote(request.id, safe='')}?taken_at={quote(taken_at)}"
    headers = {"Authorization": f"Bearer {request.token}", "Content-Type": "image/jpeg"}
    try:
        connection = _connection(to, parts.hostname or "", parts.port)
        try:
            connection.request("POST", path, jpeg, headers)
            response = connection.getresponse()
            said = response.read(4000)
        finally:
            connection.close()
    except ssl.SSLCertVerificationError as error:
        why = f"its certificate is not trusted ({error.verify_message}); check stills.ca and the clock"
        raise NotUploaded(f"{to.url}: {why}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or error or type(error).__name__
        raise NotUploaded(f"{to.url}: no answer ({reason}); check stills.collector and the network") from None
    if response.status != 200:
        raise NotUploaded(f"{to.url}: status {response.status}: {_detail(said)}")


def _connection(to: Destination, host: str, port: int | None) -> http.client.HTTPConnection:
    """Plain HTTP reaches this machine only: the configuration saw to that."""
    if to.url.startswith("https://"):
        context = ssl.create_default_context(cafile=to.ca)
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=context)
    return http.client.HTTPConnection(host, port, timeout=PATIENCE_S)


def _detail(said: bytes) -> str:
    try:
        return msgspec.json.decode(said, type=_Problem).detail[:200]
    except msgspec.DecodeError:
        return "no collector answers there"
