"""The part of the configuration about a broker: that of the devices, or the city's own, where alerts are told again."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from collector.config.places import found, is_this_machine

Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,63}$")]


class Tls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Paths to PEM files: the authority that signed the broker's certificate, and this collector's own."""

    ca: str
    cert: str | None = None
    key: str | None = None


class Broker(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without `tls` only a broker on this machine is accepted, unless `plaintext` says that the network can be trusted."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    tls: Tls | None = None
    username: str | None = None
    password_file: str | None = None
    plaintext: bool = False
    share_group: Name | None = None  # collectors of one group share the events; each of them hears every birth and will


def checked_broker(key: str, broker: Broker, folder: Path) -> Broker:
    """With the paths of its files made absolute. Raises ValueError with the key below `key`, the table's own."""
    tls = broker.tls
    if tls and (tls.cert is None) != (tls.key is None):
        raise ValueError(f"{key}.tls: cert and key go together; give both or neither")
    if not (tls or broker.plaintext or is_this_machine(broker.host)):
        raise ValueError(
            f"{key}.tls.ca: is missing, and {key}.host {broker.host!r} is another machine; name the CA's certificate "
            f"for TLS, or set {key}.plaintext = true in a network that you trust"
        )
    if tls:
        tls = replace(tls, **{name: found(folder, f"{key}.tls.{name}", getattr(tls, name)) for name in ("ca", "cert", "key")})
    return replace(broker, tls=tls, password_file=found(folder, f"{key}.password_file", broker.password_file))


def checked_republish(broker: Broker | None, folder: Path) -> Broker | None:
    """As `checked_broker`, for [republish]."""
    if broker is None:
        return None
    if broker.share_group is not None:
        raise ValueError("republish.share_group: nothing is heard there; leave it out")
    return checked_broker("republish", broker, folder)
