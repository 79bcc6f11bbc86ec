"""The collector's configuration: TOML in, validated Structs out; every default is good for one box."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field
from msgspec.structs import replace

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
    host: str = "127.0.0.1"
    port: Port = 1883
    tls: Tls | None = None
    username: str | None = None
    password_file: str | None = None


class Http(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`allowed_hosts` are further names under which browsers may reach the console."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8088
    allowed_hosts: tuple[str, ...] = ()


class KeepDays(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long events are kept, by class."""

    incident: Days = 730
    state: Days = 180
    telemetry: Days = 30


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    data_dir: str = "var/collector"
    instance: Name = "collector-1"
    embedded_broker: bool = False
    broker: Broker = field(default_factory=Broker)
    http: Http = field(default_factory=Http)
    keep_days: KeepDays = field(default_factory=KeepDays)


def load(path: Path) -> Config:
    """Read and validate a file. Raises ConfigError naming the file and the path within it."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        config: Config = validate(content, Config)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if config.broker.tls and (config.broker.tls.cert is None) != (config.broker.tls.key is None):
        raise ConfigError(f"{path}: broker.tls: cert and key go together; give both or neither")
    if config.embedded_broker and config.broker.host != "127.0.0.1":
        raise ConfigError(f"{path}: broker.host: the embedded broker listens on 127.0.0.1 only, got {config.broker.host!r}")
    return config


def with_options(file: Path | None, **options: Any) -> Config:
    """The configuration of the file, or the defaults, with the options of the command line that were given (not None)."""
    config = load(file) if file else Config()
    given = {name: value for name, value in options.items() if value is not None}
    broker = replace(config.broker, port=given.pop("mqtt_port", config.broker.port))
    http = replace(config.http, port=given.pop("http_port", config.http.port))
    return replace(config, broker=broker, http=http, **given)
