"""The part of the configuration about console and API: where they listen, and under which names browsers reach them."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from collector.config.places import found, is_this_machine


class HttpTls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Paths to PEM files: the collector's certificate with what leads to its authority, and its key."""

    cert: str
    key: str


class Http(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`allowed_hosts` are further names under which browsers may reach the console; `plaintext`: a proxy does TLS for us."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8088
    allowed_hosts: tuple[str, ...] = ()
    plaintext: bool = False
    tls: HttpTls | None = None


def checked_http(http: Http, folder: Path) -> Http:
    """With the paths of its files made absolute. Raises ValueError with the key."""
    if not (http.plaintext or http.tls or is_this_machine(http.host)):
        raise ValueError(
            f"http.host: {http.host!r} is open to other machines, and this is HTTP without TLS; name a certificate in "
            "http.tls, put a proxy with TLS in front and set http.plaintext = true, or leave it at 127.0.0.1"
        )
    if http.tls is None:
        return http
    tls = {name: found(folder, f"http.tls.{name}", getattr(http.tls, name)) for name in ("cert", "key")}
    return replace(http, tls=replace(http.tls, **tls))
