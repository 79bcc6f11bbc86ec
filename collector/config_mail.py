"""The part of the configuration about e-mail: the server that takes it, and as whom."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


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
