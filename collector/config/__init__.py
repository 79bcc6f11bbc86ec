"""The collector's configuration: TOML in, validated Structs out, a file each; every default is good for one box."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from collector.config.alerts import Alerts
from collector.config.broker import Broker, Name, checked_broker, checked_republish
from collector.config.evidence import Evidence, check_evidence
from collector.config.feeds import Feeds, check_feeds
from collector.config.http import Http, checked_http
from collector.config.mail import Mail, checked_mail
from collector.config.map import Map, checked_map
from collector.config.places import beside
from collector.config.sites import Site, check_sites
from collector.config.store import KeepDays, Store, checked_store
from collector.config.webhooks import Webhooks, check_webhooks
from collector.core.errors import WrongUse
from event_contract.explain import validate


class ConfigError(WrongUse):
    """What is wrong, with the file and the path inside it."""


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    data_dir: str = "var/collector"
    instance: Name = "collector-1"
    embedded_broker: bool = False
    store: Store = "sqlite"
    broker: Broker = field(default_factory=Broker)
    http: Http = field(default_factory=Http)
    keep_days: KeepDays = field(default_factory=KeepDays)
    max_bytes: Annotated[int, Meta(ge=10_000_000)] | None = None
    utc_offset_h: Annotated[float, Meta(ge=-12, le=14)] = 7.0  # Vietnam's
    silent_after_s: Annotated[float, Meta(ge=30)] = 90.0
    alerts: Alerts = field(default_factory=Alerts)
    feeds: Feeds = field(default_factory=Feeds)
    webhooks: Webhooks = field(default_factory=Webhooks)
    mail: Mail | None = None
    republish: Broker | None = None
    evidence: Evidence = field(default_factory=Evidence)
    map: Map = field(default_factory=Map)
    sites: Annotated[tuple[Site, ...], Meta(max_length=10_000)] = ()


def load(path: Path) -> Config:
    """Read and validate a file; the paths it gives come out absolute. Raises ConfigError naming the file and the path in it."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        config = _checked(validate(content, Config), path.parent)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    return replace(config, data_dir=beside(path.parent, config.data_dir)) if "data_dir" in content else config


def _checked(config: Config, folder: Path) -> Config:
    """What types cannot say, and the paths made absolute; what leaves this machine in plain text has to be asked for.

    Raises ValueError with the key.
    """
    _check_together(config)
    check_evidence(config.evidence)
    check_feeds(config.feeds)
    check_sites(config.sites)
    check_webhooks(config.webhooks)
    return replace(
        config,
        store=checked_store(config.store, folder),
        broker=checked_broker("broker", config.broker, folder),
        http=checked_http(config.http, folder),
        republish=checked_republish(config.republish, folder),
        mail=checked_mail(config.mail, folder),
        map=checked_map(config.map, folder),
    )


def _check_together(config: Config) -> None:
    """What one table says of another."""
    broker = config.broker
    if config.embedded_broker and broker.host != "127.0.0.1":
        raise ValueError(f"broker.host: the embedded broker listens on 127.0.0.1 only, got {broker.host!r}")
    if config.store != "sqlite" and config.max_bytes is not None:
        raise ValueError("max_bytes: is for SQLite; leave it out, and watch the disk of PostgreSQL")
    if config.store == "sqlite" and broker.share_group is not None:
        raise ValueError("broker.share_group: collectors that share events share a database; set store.url, too")


def with_options(file: Path | None, **options: Any) -> Config:
    """The configuration of the file, or the defaults, with the options of the command line that were given (not None)."""
    config = load(file) if file else Config()
    given = {name: value for name, value in options.items() if value is not None}
    broker = replace(config.broker, port=given.pop("mqtt_port", config.broker.port))
    http = replace(config.http, port=given.pop("http_port", config.http.port))
    return replace(config, broker=broker, http=http, **given)
