"""The configuration of a mosquitto for mutual TLS, from its templates: who may connect, and who may say and hear what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from collector.bundled import broker_templates
from collector.core.errors import Told, WrongUse
from collector.files import EVERYBODYS, whole_file
from event_contract.topics import is_device_name

CONF, ACL = "mosquitto.conf", "acl"
CERTIFICATES = Path("/etc/mosquitto/certs")
PLACEHOLDER = re.compile(r"@[A-Z]+@")
CONNECTIONS = 20_000
QUEUE_PER_CONNECTION = 10  # messages that may wait for the collector: some from every device at once


class CannotWrite(Told):
    """Why a file is not there."""


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """`out` is where the broker will read the files, too. `collectors`: common names of their certificates; `publishers` tell
    alerts again below `alerts_topic`, and `readers` hear them there, by theirs."""

    out: Path
    port: int = 8883
    bind: str = ""
    ca: Path = CERTIFICATES / "ca.pem"
    cert: Path = CERTIFICATES / "broker.pem"
    key: Path = CERTIFICATES / "broker.key"
    collectors: tuple[str, ...] = ("collector-1",)
    alerts_topic: str = "kerbwatch/alerts"
    publishers: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()


def render(asked: Mosquitto) -> dict[Path, str]:
    """The files with their content. Raises WrongUse."""
    named = {"--collector-name": asked.collectors, "--alerts-publisher": asked.publishers, "--alerts-reader": asked.readers}
    for option, name in ((option, name) for option, names in named.items() for name in names):
        if not is_device_name(name):
            raise WrongUse(f"{option} {name!r}: expected 1 to 63 of a-z, 0-9 and -, and not `collector` itself")
        if sum(name in names for names in named.values()) > 1:
            raise WrongUse(f"{option} {name!r}: is named twice; each has a certificate of its own")
    if not re.fullmatch(r"(?!roadside(/|$))[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", asked.alerts_topic):
        raise WrongUse(f"--alerts-topic {asked.alerts_topic!r}: expected names with / between them, not below roadside")
    out = asked.out.absolute()
    values = {
        "PORT": str(asked.port), "BIND": asked.bind, "ACL": str(out / ACL),
        "CA": str(asked.ca.absolute()), "CERT": str(asked.cert.absolute()), "KEY": str(asked.key.absolute()),
        "CONNECTIONS": str(CONNECTIONS), "QUEUE": str(CONNECTIONS * QUEUE_PER_CONNECTION),
    }  # fmt: skip
    for value in values.values():
        if not value.isprintable():
            raise WrongUse(f"{value!r}: a path or an address with such characters cannot stand in {CONF}")
    values["COLLECTORS"] = "".join(_fill("acl-collector", {"COLLECTOR": name}) for name in asked.collectors)
    writing = [_fill("acl-publisher", {"PUBLISHER": name, "TOPIC": asked.alerts_topic}) for name in asked.publishers]
    reading = [_fill("acl-reader", {"READER": name, "TOPIC": asked.alerts_topic}) for name in asked.readers]
    values["ALERTS"] = "".join((*writing, *reading))
    return {out / name: _fill(name, values) for name in (CONF, ACL)}


def write(files: Mapping[Path, str], *, force: bool) -> None:
    """Every file whole or not at all; one that is there and says something else is kept, unless `force`.

    Raises WrongUse for that, CannotWrite.
    """
    if not force:
        for path, text in files.items():
            if path.exists() and _read(path) != text.encode():
                raise WrongUse(f"{path}: is there and says something else; compare, then give --force, or another --out")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path, EVERYBODYS) as file:  # holds no secret: the broker runs as another user and must read it
                file.write(text.encode())
        except OSError as error:
            raise CannotWrite(f"{path}: {error.strerror}; choose another --out") from error


def _fill(name: str, values: Mapping[str, str]) -> str:
    template = (broker_templates() / name).read_text(encoding="utf-8")
    return PLACEHOLDER.sub(lambda found: values[found[0].strip("@")], template)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror}; choose another --out") from error
