"""What a camera's configuration comes to when its child is started: paths made absolute, the secret URL read."""

from collections.abc import Sequence
from pathlib import Path

from edge_agent.config import CameraConfig, ClipSource, RtspSource, SimulationSource, SourceConfig, resolve
from edge_agent.simulation.plan import PlanError, load_plan
from edge_agent.sources.errors import SourceError
from edge_agent.sources.pipe import Job, Polygon, encode_job

OTHERS_MAY_READ = 0o007
TRANSPORTS = ("tcp", "udp", "udp_multicast", "http")


def live_job(camera: CameraConfig, config_file: Path, masks: Sequence[Polygon]) -> Job:
    """Relative paths are the `config_file`'s. Raises SourceError where the source cannot be read."""
    return _bounded(Job(_resolved(camera.source, config_file), True, camera.fps, camera.width, tuple(masks)))


def clip_job(
    path: Path, fps: float | None, width: int | None, reverse: bool = False, masks: Sequence[Polygon] = ()
) -> Job:
    """A clip as fast as it can be read, or a simulation.toml as fast as it can be painted. Raises SourceError, PlanError."""
    _check_clip(path)
    source: SourceConfig = ClipSource(str(path.absolute()), reverse=reverse)
    if path.suffix == ".toml":
        if reverse:
            raise SourceError(f"{path}: a simulation cannot run backwards; let its script drive the wrong way")
        load_plan(path)
        source = SimulationSource(str(path.absolute()))
    return _bounded(Job(source, False, fps, width, tuple(masks)))


def _bounded(job: Job) -> Job:
    try:
        encode_job(job)
    except ValueError as error:
        raise SourceError(str(error)) from None
    return job


def _check_clip(path: Path) -> None:
    """What the decoder would only call unreadable."""
    if path.is_dir():
        raise SourceError(f"clip {path}: is a folder; name a video file")
    try:
        path.open("rb").close()
    except OSError as error:
        raise SourceError(f"clip {path}: cannot be read ({error.strerror}); check the path") from None


def _resolved(source: SourceConfig, config_file: Path) -> SourceConfig:
    match source:
        case RtspSource(url_file=str(name)):
            return _checked(_secret_url(resolve(config_file, name)), source.transport)
        case RtspSource(url=url):
            return _checked(url, source.transport)
        case ClipSource(path=name):
            path = resolve(config_file, name)
            _check_clip(path)
            return ClipSource(str(path), source.loop, source.reverse)
        case SimulationSource(path=name):
            path = resolve(config_file, name)
            try:
                load_plan(path)
            except PlanError as error:
                raise SourceError(str(error)) from None
            return SimulationSource(str(path), source.started_at)
    return source


def _secret_url(path: Path) -> str:
    try:
        url, mode = path.read_text(encoding="utf-8").strip(), path.stat().st_mode
    except OSError as error:
        raise SourceError(f"url_file {path}: cannot be read ({error.strerror}); check path and rights") from None
    except UnicodeDecodeError:
        raise SourceError(f"url_file {path}: is not a text file; expected one line with the URL") from None
    if mode & OTHERS_MAY_READ:
        raise SourceError(f"url_file {path}: everyone may read it; run chmod 600 {path}")
    return url


def _checked(url: str, transport: str) -> RtspSource:
    scheme, separator, rest = url.partition("://")
    if not (scheme.isalnum() and separator and rest):
        raise SourceError("the URL is not one; expected rtsp://user:password@address/path")
    if transport not in TRANSPORTS:
        raise SourceError(f"transport: expected one of {', '.join(TRANSPORTS)}, got {transport[:40]!r}")
    return RtspSource(url=url, transport=transport)
