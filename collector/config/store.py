"""The part of the configuration about the store: another engine than SQLite, and for how long what is kept."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct
from msgspec.structs import replace

from collector.config.places import found

Days = Annotated[float, Meta(gt=0)]


class Postgres(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`url` is a PostgreSQL URL or `service=NAME`; a password stands in a file, in PGPASSWORD or in ~/.pgpass, never in it."""

    url: Annotated[str, Meta(min_length=1)]
    password_file: str | None = None


class KeepDays(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long events are kept, by class; alerts that have ended like incidents; sums of traffic; the audit log."""

    incident: Days = 730
    state: Days = 180
    telemetry: Days = 30
    traffic_hours: Days = 730
    traffic_days: Days = 3650
    audit: Annotated[float, Meta(ge=30)] = 730


Store = Literal["sqlite"] | Postgres


def checked_store(store: Store, folder: Path) -> Store:
    """With the path of its file made absolute. Raises ValueError with the key."""
    if store == "sqlite":
        return store
    if holds_password(store.url):
        raise ValueError("store.url: holds a password; put it in a file and name that in store.password_file")
    return replace(store, password_file=found(folder, "store.password_file", store.password_file))


def holds_password(url: str) -> bool:
    """One in a configuration or on a command line would be seen by others."""
    return "password=" in url or (url.startswith("postgres") and urlsplit(url).password is not None)
