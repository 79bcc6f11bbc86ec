"""The agent's configuration: one TOML file, validated once. `site.toml: cameras[0].fps: expected <= 30, got 300`."""

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from edge_agent.core.failure import WrongInput
from event_contract.explain import validate
from event_contract.topics import is_device_name

Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,63}$")]
Port = Annotated[int, Meta(ge=1, le=65535)]


class ConfigError(WrongInput):
    """A configuration that cannot be used. The message names file, path, value and the next step."""


class RtspSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="rtsp"):
    """A network camera. Credentials belong into `url_file` (mode 0600), not into the configuration."""

    url: str = ""
    url_file: str | None = None
    transport: str = "tcp"


class UsbSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="usb"):
    """A camera at /dev/videoN, or better a stable path below /dev/v4l/by-id."""

    device: str = "/dev/video0"


class ClipSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="clip"):
    """A video file played as a camera, in real time; `loop` begins again at its end, `reverse` plays it backwards."""

    path: str
    loop: bool = False
    reverse: bool = False


class SimulationSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="simulation"):
    """A simulated road, described in a simulation.toml. `started_at`: its first picture in Unix seconds, so that it goes on
    where it would be after a restart; None: it begins when it is opened."""

    path: str
    started_at: float | None = None


SourceConfig = RtspSource | UsbSource | ClipSource | SimulationSource


class AttentionConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How often the detector looks all the same where nothing moves: at an empty road, and where all that is there stands."""

    enabled: bool = True
    idle_every_s: Annotated[float, Meta(ge=0, le=10)] = 2.0
    standing_every_s: Annotated[float, Meta(ge=0, le=2)] = 0.5


class CameraConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """One camera. Frames are taken at most `fps` times a second and scaled down to `width` pixels where they are wider.
    `far_pass`: the far end of the lanes is looked at a second time, as large as it comes."""

    name: Name
    scene: str
    source: SourceConfig
    fps: Annotated[float, Meta(gt=0, le=30)] = 10.0
    width: Annotated[int, Meta(ge=160, le=1920)] = 640
    far_pass: bool = False
    attention: AttentionConfig = field(default_factory=AttentionConfig)


class ShadowModelConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A model on trial beside the live one: it looks at every so many frames, and what both see is compared."""

    model: str
    every_n: Annotated[int, Meta(ge=1, le=10_000)] = 10


class DetectorConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`engine` computes the network; `providers` are ONNX Runtime's, in order of preference: cpu, cuda, tensorrt, openvino.
    `threads` 0 leaves the choice to the engine."""

    model: str = "nanodet-g-416"
    models_dir: str | None = None
    engine: Literal["onnxruntime", "openvino"] = "onnxruntime"
    providers: tuple[str, ...] = ("cpu",)
    threads: Annotated[int, Meta(ge=0, le=64)] = 0
    score_threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.15  # what is half seen continues tracks; see TrackerConfig
    shadow: ShadowModelConfig | None = None


class BrokerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where events go. With `ca` the connection is TLS; `cert` and `key` are the device's own. Without it only this machine
    is reached, unless `plaintext` says that the network can be trusted."""

    host: str = "127.0.0.1"
    port: Port = 1883
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    username: str | None = None
    password_file: str | None = None
    plaintext: bool = False
    keepalive_s: Annotated[int, Meta(ge=5, le=600)] = 15
    first_wait_s: Annotated[float, Meta(ge=0, le=60)] = 15.0  # reconnect: first wait uniform in 0..this
    max_wait_s: Annotated[float, Meta(ge=1, le=600)] = 120.0


class OutboxConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Caps of what waits for the collector; the oldest telemetry goes first, then state, incidents last."""

    max_bytes: Annotated[int, Meta(ge=1_000_000)] = 256_000_000
    max_age_h: Annotated[float, Meta(gt=0)] = 720.0


class StillsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures of incidents for a person who asks: private masks painted, heads and plates hidden. Off where this is missing.
    `collector` is where they go, by HTTPS; a request names no address."""

    collector: str
    ca: str | None = None
    per_hour: Annotated[int, Meta(ge=1, le=360)] = 20


class WebConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The device's own page, by HTTPS and to the local network only; off where this is missing. Browsers call it by the address
    that it is reached at, `<device>.local`, or one of `names`. `idle_min`: a session that nobody uses ends. `announce`: where
    others are served, they are told of it by multicast DNS."""

    host: str = "127.0.0.1"
    port: Port = 8443
    names: tuple[Annotated[str, Meta(pattern=r"^[a-z0-9.-]{1,253}$")], ...] = ()
    idle_min: Annotated[int, Meta(ge=1, le=480)] = 15
    announce: bool = True


class AgentConfig(Struct, frozen=True, forbid_unknown_fields=True):
    device: Name
    cameras: Annotated[tuple[CameraConfig, ...], Meta(min_length=1, max_length=16)]
    site: str = ""
    data_dir: str = "/var/lib/kerbwatch"
    detector: DetectorConfig = field(default_factory=DetectorConfig)
    broker: BrokerConfig = field(default_factory=BrokerConfig)
    outbox: OutboxConfig = field(default_factory=OutboxConfig)
    health_every_s: Annotated[float, Meta(ge=1)] = 60.0
    stills: StillsConfig | None = None
    web: WebConfig | None = None


def load_config(path: Path) -> AgentConfig:
    """Read and validate the file. Relative paths in it stay as they are: see `resolve`. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name the configuration with --config") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not a text file; expected TOML in UTF-8") from None
    try:
        config: AgentConfig = validate(tomllib.loads(text), AgentConfig)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    _check(path, config)
    return config


def resolve(base: Path, name: str) -> Path:
    """A path in a configuration is relative to the folder of that configuration."""
    return (base.parent / Path(name).expanduser()).resolve()


def _check(path: Path, config: AgentConfig) -> None:
    """What types cannot say."""
    if not is_device_name(config.device):
        raise ConfigError(f"{path}: device: {config.device!r} is reserved; choose another name")
    names = [camera.name for camera in config.cameras]
    for index, camera in enumerate(config.cameras):
        if camera.name in names[:index]:
            raise ConfigError(f"{path}: cameras[{index}].name: {camera.name!r} is used twice; each camera needs its own name")
        source = camera.source
        if isinstance(source, RtspSource) and bool(source.url) == bool(source.url_file):
            raise ConfigError(f"{path}: cameras[{index}].source: expected exactly one of url and url_file")
    if bool(config.broker.cert) != bool(config.broker.key):
        raise ConfigError(f"{path}: broker: cert and key belong together; give both or neither")
    if not (config.broker.ca or config.broker.plaintext or _is_this_machine(config.broker.host)):
        raise ConfigError(
            f"{path}: broker.ca: is missing, and {config.broker.host} is another machine; name the CA's certificate for TLS, "
            "or set broker.plaintext = true in a network that you trust"
        )
    if config.stills is not None:
        _check_stills(path, config.stills)


def _check_stills(path: Path, stills: StillsConfig) -> None:
    """The address may hold a password by mistake: then it is not shown."""
    try:
        parts = urlsplit(stills.collector)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError(f"{path}: stills.collector: is no address; expected https://HOST:PORT") from None
    if "@" in stills.collector:
        raise ConfigError(f"{path}: stills.collector: expected https://HOST:PORT and no user; a request brings its token")
    if not host or parts.query or parts.fragment:
        raise ConfigError(f"{path}: stills.collector: expected https://HOST:PORT, got {stills.collector!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(host)):
        raise ConfigError(f"{path}: stills.collector: expected https://, pictures go nowhere else, got {stills.collector!r}")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name
        return False
