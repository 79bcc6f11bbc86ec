"""The part of the configuration about e-mail: the server that takes it, and as whom."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from collector.config.places import found, is_this_machine


class Mail(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The password stands in a file, or in COLLECTOR_MAIL_PASSWORD. Links lead to the `console` as its readers know it."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca: str | None = None
    username: str | None = None
    password_file: str | None = None
    sender: Annotated[str, Meta(pattern=r"^[^\s,;:<>()\"@]{1,64}@[A-Za-z0-9.-]{1,200}$")]
    console: Annotated[str, Meta(pattern=r"^https?://[^\s<>\"]{1,200}$")]
    timeout_s: Annotated[float, Meta(ge=5, le=60)] = 20.0


def checked_mail(mail: Mail | None, folder: Path) -> Mail | None:
    """With the paths of its files made absolute. Raises ValueError with the key."""
    if mail is None:
        return None
    if mail.security == "none" and not is_this_machine(mail.host):
        raise ValueError(f'mail.security: "none" is for a server on this machine; mail.host is {mail.host!r}')
    ca, password_file = found(folder, "mail.ca", mail.ca), found(folder, "mail.password_file", mail.password_file)
    return replace(mail, ca=ca, password_file=password_file)
