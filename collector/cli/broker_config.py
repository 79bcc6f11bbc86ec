"""`collector broker-config`."""

import json
from pathlib import Path

import click

from collector.cli.options import as_json

EXAMPLES = """\b
Examples:
  collector broker-config mosquitto --out mosquitto --ca ca.pem --cert broker.pem --key broker.key
  collector broker-config mosquitto --out /etc/mosquitto --force
  collector broker-config mosquitto --collector-name collector-1 --collector-name collector-2
  collector broker-config mosquitto --alerts-publisher alerts-1 --alerts-reader ioc"""


@click.group("broker-config")
def command() -> None:
    """Configurations for brokers of your own."""


@command.command("mosquitto", epilog=EXAMPLES)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("mosquitto"), show_default=True,
    help="Folder for mosquitto.conf and acl, where the broker will read them.",
)  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), default=8883, show_default=True)
@click.option("--bind", default="", help="Address to listen on; all of this machine's without it.")
@click.option("--ca", type=click.Path(path_type=Path), help="Authority of devices and collectors; /etc/mosquitto/certs/ca.pem.")
@click.option("--cert", type=click.Path(path_type=Path), help="The broker's own; /etc/mosquitto/certs/broker.pem.")
@click.option("--key", type=click.Path(path_type=Path), help="Its key; /etc/mosquitto/certs/broker.key.")
@click.option(
    "--collector-name", "collectors", multiple=True, default=("collector-1",), show_default=True,
    help="Common name of a collector's certificate, which is its `instance`, too; may be given several times.",
)  # fmt: skip
@click.option("--alerts-topic", default="kerbwatch/alerts", show_default=True, help="Where subscribers by MQTT are told.")
@click.option("--alerts-publisher", "publishers", multiple=True, help="Common name in [republish]; may write there.")
@click.option("--alerts-reader", "readers", multiple=True, help="Common name of who may read there; several times.")
@click.option("--force", is_flag=True, help="Replace files that say something else.")
@as_json
def mosquitto(
    out: Path, port: int, bind: str, ca: Path | None, cert: Path | None, key: Path | None,
    collectors: tuple[str, ...], alerts_topic: str, publishers: tuple[str, ...], readers: tuple[str, ...],
    force: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write a mosquitto.conf with mutual TLS, and the access rules of its clients."""
    from collector.broker.mosquitto import ACL, CONF, Mosquitto, render, write

    usual = Mosquitto(out)
    certificates = ca or usual.ca, cert or usual.cert, key or usual.key
    asked = Mosquitto(out, port, bind, *certificates, collectors, alerts_topic, publishers, readers)
    files = render(asked)
    write(files, force=force)
    conf, rules = (str(next(path for path in files if path.name == name)) for name in (CONF, ACL))
    absent = [str(path) for path in (asked.ca, asked.cert, asked.key) if not path.exists()]
    if as_json:
        told = {"conf": conf, "acl": rules, "port": port, "collectors": list(collectors), "missing": absent}
        click.echo(json.dumps(told))
        return
    click.echo(f"wrote {conf}\nwrote {rules}")
    for path in absent:
        click.echo(f"still missing: {path}")
    click.echo(_next_steps(conf, port, collectors))


def _next_steps(conf: str, port: int, collectors: tuple[str, ...]) -> str:
    return f"""
Next:
  1. Let the broker's user read the files and the key, and nobody else the key.
  2. Try it:         mosquitto -c {conf}
     As a service:   systemctl edit mosquitto, with
                       [Service]
                       LimitNOFILE=65536
                       ExecStart=
                       ExecStart=/usr/sbin/mosquitto -c {conf}
  3. In the collector's file:   instance = "{collectors[0]}", broker.port = {port}, broker.tls with ca, cert and key; the common
                                name of its certificate is {collectors[0]}.
     In a device's site.toml:   broker.port, ca, cert and key; the common name of its certificate is `device`.
  4. To shut a device out:      two lines at the end of the acl file (they stand there), then systemctl reload mosquitto"""
