"""The collector's configuration: TOML in, validated Structs out; every default is good for one box."""

import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from collector.config_evidence import Evidence, check_links
from collector.config_mail import Mail
from collector.config_map import Map, checked
from collector.core.errors import WrongUse
from event_contract.explain import validate

Port = Annotated[int, Meta(ge=1, le=65535)]
Days = Annotated[float, Meta(gt=0)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,63}$")]


class ConfigError(WrongUse):
    """What is wrong, with the file and the path inside it."""


class Tls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Paths to PEM files: the authority that signed the broker's certificate, and this collector's own."""

    ca: str
    cert: str | None = None
    key: str | None = None


class Broker(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without `tls` only a broker on this machine is accepted, unless `plaintext` says that the network can be trusted."""

    host: str = "127.0.0.1"
    port: Port = 1883
    tls: Tls | None = None
    username: str | None = None
    password_file: str | None = None
    plaintext: bool = False
    share_group: Name | None = None  # collectors of one group share the events; each of them hears every birth and will


class Postgres(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`url` is a PostgreSQL URL or `service=NAME`; a password stands in a file, in PGPASSWORD or in ~/.pgpass, never in it."""

    url: Annotated[str, Meta(min_length=1)]
    password_file: str | None = None


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


class KeepDays(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long events are kept, by class; alerts that have ended like incidents; sums of traffic; the audit log."""

    incident: Days = 730
    state: Days = 180
    telemetry: Days = 30
    traffic_hours: Days = 730
    traffic_days: Days = 3650
    audit: Annotated[float, Meta(ge=30)] = 730


class Words(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same in both languages."""

    vi: str
    en: str


class Feeds(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who speaks in the standard feeds, and to whom. `scope` public takes a person's name, and then tells the public of those
    alerts only that a person confirmed."""

    sender: Annotated[str, Meta(pattern=r"^[^\s,<>&]{3,200}$")] = "kerbwatch@localhost.invalid"
    office: Words = Words(vi="Trung tâm điều hành giao thông", en="Traffic operations centre")
    restriction: Words = Words(vi="Chỉ dành cho trung tâm điều hành", en="Operations centre only")
    languages: Annotated[tuple[Literal["vi", "en"], ...], Meta(min_length=1, max_length=2)] = ("vi", "en")
    status: Literal["actual", "exercise", "test"] = "actual"
    scope: Literal["restricted", "private", "public"] = "restricted"
    public_approved_by: str | None = None
    country: Annotated[str, Meta(pattern=r"^[a-z]{2}$")] = "vn"
    national_identifier: Annotated[str, Meta(min_length=1, max_length=200)] = "kerbwatch"
    expires_h: Annotated[float, Meta(gt=0, le=720)] = 24.0
    ended_h: Annotated[float, Meta(ge=0, le=720)] = 24.0
    radius_m: Annotated[float, Meta(gt=0, le=10_000)] = 30.0
    site_radius_m: Annotated[float, Meta(gt=0, le=10_000)] = 150.0


class Webhooks(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may be told by webhook: by HTTPS at public addresses, unless it says otherwise here."""

    allow_http: bool = False
    allowed_networks: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    timeout_s: Annotated[float, Meta(ge=15, le=30)] = 20.0


class Alerts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What sounds, and what belongs together. Off until given: a step more severe after `escalate_after_s` without anybody
    who takes care; an alert that always stands, told anew every `watchdog_every_s`."""

    group_radius_m: Annotated[float, Meta(gt=0, le=1000)] = 50.0
    group_within_s: Annotated[float, Meta(ge=0, le=86_400)] = 600.0
    again_within_s: Annotated[float, Meta(ge=0, le=86_400)] = 120.0
    storm_per_minute: Annotated[int, Meta(ge=1)] = 30
    escalate_after_s: Annotated[float, Meta(ge=30)] | None = None
    watchdog_every_s: Annotated[float, Meta(ge=30)] | None = None


class Site(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where devices stand: `site` as they call it themselves, or the name of one device, which wins."""

    site: Annotated[str, Meta(min_length=1)]
    road: str = ""
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    data_dir: str = "var/collector"
    instance: Name = "collector-1"
    embedded_broker: bool = False
    store: Literal["sqlite"] | Postgres = "sqlite"
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
        config: Config = validate(content, Config)
        check_links(config.evidence)
        config = replace(config, map=checked(config.map, path.parent))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    _check(path, config)
    _check_feeds(path, config)
    _check_webhooks(path, config)
    _check_ways(path, config)
    data_dir = _beside(path, config.data_dir) if "data_dir" in content else config.data_dir
    broker, store, http = _find_files(path, config.broker), _find_store(path, config.store), _find_http(path, config.http)
    republish = config.republish and _find_files(path, config.republish, "republish")
    mail = config.mail and _find_mail(path, config.mail)
    return replace(config, data_dir=data_dir, broker=broker, store=store, http=http, republish=republish, mail=mail)


def _check(path: Path, config: Config) -> None:
    """What types cannot say; whatever leaves this machine in plain text has to be asked for."""
    broker, http = config.broker, config.http
    if config.embedded_broker and broker.host != "127.0.0.1":
        raise ConfigError(f"{path}: broker.host: the embedded broker listens on 127.0.0.1 only, got {broker.host!r}")
    if isinstance(config.store, Postgres) and holds_password(config.store.url):
        raise ConfigError(f"{path}: store.url: holds a password; put it in a file and name that in store.password_file")
    if isinstance(config.store, Postgres) and config.max_bytes is not None:
        raise ConfigError(f"{path}: max_bytes: is for SQLite; leave it out, and watch the disk of PostgreSQL")
    if broker.share_group is not None and config.store == "sqlite":
        raise ConfigError(f"{path}: broker.share_group: collectors that share events share a database; set store.url, too")
    _check_broker(path, "broker", broker)
    if not (http.plaintext or http.tls or _is_this_machine(http.host)):
        raise ConfigError(
            f"{path}: http.host: {http.host!r} is open to other machines, and this is HTTP without TLS; name a certificate in "
            "http.tls, put a proxy with TLS in front and set http.plaintext = true, or leave it at 127.0.0.1"
        )


def _check_broker(path: Path, key: str, broker: Broker) -> None:
    if broker.tls and (broker.tls.cert is None) != (broker.tls.key is None):
        raise ConfigError(f"{path}: {key}.tls: cert and key go together; give both or neither")
    if not (broker.tls or broker.plaintext or _is_this_machine(broker.host)):
        raise ConfigError(
            f"{path}: {key}.tls.ca: is missing, and {key}.host {broker.host!r} is another machine; name the CA's certificate "
            f"for TLS, or set {key}.plaintext = true in a network that you trust"
        )


def _check_ways(path: Path, config: Config) -> None:
    mail, republish = config.mail, config.republish
    if republish is not None:
        _check_broker(path, "republish", republish)
        if republish.share_group is not None:
            raise ConfigError(f"{path}: republish.share_group: nothing is heard there; leave it out")
    if mail is not None and mail.security == "none" and not _is_this_machine(mail.host):
        raise ConfigError(f'{path}: mail.security: "none" is for a server on this machine; mail.host is {mail.host!r}')


def _check_feeds(path: Path, config: Config) -> None:
    if config.feeds.scope == "public" and not (config.feeds.public_approved_by or "").strip():
        raise ConfigError(
            f'{path}: feeds.scope: "public" needs the approval of a person; name who gave it in feeds.public_approved_by'
        )
    named: set[str] = set()
    for n, site in enumerate(config.sites):
        if (site.lon is None) != (site.lat is None):
            raise ConfigError(f"{path}: sites[{n}]: lon and lat go together; give both or neither")
        if site.site in named:
            raise ConfigError(f"{path}: sites[{n}].site: {site.site!r} is there twice; leave one out")
        named.add(site.site)


def _check_webhooks(path: Path, config: Config) -> None:
    for n, network in enumerate(config.webhooks.allowed_networks):
        try:
            ip_network(network)
        except ValueError as error:
            raise ConfigError(f"{path}: webhooks.allowed_networks[{n}]: {error}; expected one such as 10.0.0.0/8") from None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _beside(path: Path, name: str) -> str:
    """Relative paths in a file are relative to its folder."""
    return str((path.parent / Path(name).expanduser()).resolve())


def holds_password(url: str) -> bool:
    """One in a configuration or on a command line would be seen by others."""
    return "password=" in url or (url.startswith("postgres") and urlsplit(url).password is not None)


def _find(path: Path, key: str, name: str | None) -> Any:
    """The file beside `path`, which must be there."""
    if name is None:
        return None
    file = _beside(path, name)
    try:
        Path(file).open("rb").close()
    except OSError as error:
        raise ConfigError(f"{path}: {key}: {file}: {error.strerror}") from error
    return file


def _find_files(path: Path, broker: Broker, key: str = "broker") -> Broker:
    tls = broker.tls and replace(
        broker.tls,
        ca=_find(path, f"{key}.tls.ca", broker.tls.ca),
        cert=_find(path, f"{key}.tls.cert", broker.tls.cert),
        key=_find(path, f"{key}.tls.key", broker.tls.key),
    )
    return replace(broker, tls=tls, password_file=_find(path, f"{key}.password_file", broker.password_file))


def _find_mail(path: Path, mail: Mail) -> Mail:
    ca, password_file = _find(path, "mail.ca", mail.ca), _find(path, "mail.password_file", mail.password_file)
    return replace(mail, ca=ca, password_file=password_file)


def _find_http(path: Path, http: Http) -> Http:
    if http.tls is None:
        return http
    cert, key = _find(path, "http.tls.cert", http.tls.cert), _find(path, "http.tls.key", http.tls.key)
    return replace(http, tls=HttpTls(cert=cert, key=key))


def _find_store(path: Path, store: Literal["sqlite"] | Postgres) -> Literal["sqlite"] | Postgres:
    if store == "sqlite":
        return store
    return replace(store, password_file=_find(path, "store.password_file", store.password_file))


def with_options(file: Path | None, **options: Any) -> Config:
    """The configuration of the file, or the defaults, with the options of the command line that were given (not None)."""
    config = load(file) if file else Config()
    given = {name: value for name, value in options.items() if value is not None}
    broker = replace(config.broker, port=given.pop("mqtt_port", config.broker.port))
    http = replace(config.http, port=given.pop("http_port", config.http.port))
    return replace(config, broker=broker, http=http, **given)
