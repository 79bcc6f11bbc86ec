"""The diagnostics bundle: what whoever is asked for help wants to see, in one zip. No password, key or picture is in it."""

import platform
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path

import msgspec

from edge_agent.config import AgentConfig
from edge_agent.core.health.snapshot import Trend
from edge_agent.sources.redact import without
from edge_agent.web.audit import Entry
from edge_agent.web.figures import LogLine, Overview, ToldEvent

PACKAGES = ("kerbwatch", "aiohttp", "cryptography", "msgspec", "numpy", "onnxruntime", "opencv-python-headless", "paho-mqtt")
MACHINE = ("/etc/os-release", *(f"/proc/{name}" for name in ("cpuinfo", "meminfo", "loadavg", "uptime", "net/dev", "mounts")))
LONGEST_BYTES = 64 * 1024  # of one of the machine's own files


def bundle(
    overview: Overview,
    trends: Sequence[Trend],
    events: Sequence[ToldEvent],
    log: Iterable[LogLine],
    audit: Sequence[Entry],
    config: AgentConfig,
    scenes: Mapping[str, bytes],
    secrets: frozenset[str],
) -> bytes:
    """The zip. Whatever of `secrets` stands in any of its texts is left out of it."""
    texts = {
        "overview.json": _json(overview),
        "trends.json": _json(trends),
        "events.json": _json(events),
        "log.txt": "\n".join(f"{line.at} {line.level} {line.name}: {line.text}" for line in log),
        "audit.json": _json(audit),
        "configuration.json": _json(config),
        "versions.txt": "\n".join(_versions()),
        **{f"scenes/{name}.json": text.decode(errors="replace") for name, text in scenes.items()},
        **{f"machine/{Path(path).name}.txt": _machine(Path(path)) for path in MACHINE},
    }
    hidden = secrets | {msgspec.json.encode(one).decode()[1:-1] for one in secrets}  # a quotation mark is another one in JSON
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, without(text, hidden))
    return packed.getvalue()


def _json(what: object) -> str:
    return msgspec.json.format(msgspec.json.encode(what)).decode()


def _versions() -> list[str]:
    told = [f"Python {platform.python_version()}", platform.platform()]
    for name in PACKAGES:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            told.append(f"{name}: not there")
    return told


def _machine(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_BYTES).decode(errors="replace")
    except OSError as error:
        return f"{error.strerror}"
