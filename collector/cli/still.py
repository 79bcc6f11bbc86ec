"""`collector alerts still`."""

import time
from pathlib import Path
from urllib.parse import quote

import click

from collector.cli.asking import open_api, show
from collector.cli.options import api_options, as_json
from collector.core.errors import Told

ALERTS = "/api/v1/alerts"
LOOK_EVERY_S = 0.5
PATIENCE_S = 60.0  # by then the collector itself has given up


@click.command("still", epilog="Example:  collector alerts still qn-ntt-01/9f2c61d0/north/17 --out still.jpg")
@api_options
@as_json
@click.argument("alert_id", metavar="ID")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The JPEG to write.")
def command(url: str, token_file: Path, as_json: bool, alert_id: str, out: Path) -> None:
    """Ask the alert's device for a picture of it, and write it down.

    Device and collector must both allow it. Heads and plates are hidden. That you looked is in the audit log.
    """
    api, path = open_api(url, token_file), f"{ALERTS}/{quote(alert_id)}"
    state = api.post(f"{path}/still")
    deadline = time.monotonic() + PATIENCE_S
    while state["state"] == "asked" and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
        state = api.get(path)["evidence"]["still"]
    if state["state"] != "there":
        raise Told(f"{alert_id}: no still: {state['why'] or state['state']}")
    _write(out, api.content(f"{path}/still"))
    show(state, f"written: {out}, seen at {state['taken_at']}; the collector deletes its own at {state['expires_at']}", as_json)


def _write(out: Path, jpeg: bytes) -> None:
    try:
        out.write_bytes(jpeg)
    except OSError as error:
        raise Told(f"--out {out}: {error.strerror}; choose another place") from error
