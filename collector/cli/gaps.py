"""`collector gaps`."""

from pathlib import Path

import click

from collector import lines
from collector.cli.asking import open_api, show
from collector.cli.options import api_options, as_json

GAPS = "/api/v1/gaps"


@click.group("gaps")
def command() -> None:
    """Messages that devices sent, and that neither came nor were told lost."""


@command.command("list", epilog="Example:  collector gaps list --device qn-ntt-01")
@api_options
@as_json
@click.option("--device", help="Of this device.")
def list_(url: str, token_file: Path, as_json: bool, device: str | None) -> None:
    """Print what is missing, stream by stream."""
    for gap in open_api(url, token_file).get(GAPS, device=device)["gaps"]:
        show(gap, lines.gap(gap), as_json)


@command.command("write-off", epilog='Example:  collector gaps write-off qn-ntt-01 --reason "card burnt, replaced on 2 March"')
@api_options
@as_json
@click.argument("device")
@click.option("--stream", help="This one only; without it, what is missing of the device.")
@click.option("--reason", required=True, help="For the audit log, and for whoever asks later.")
def write_off(url: str, token_file: Path, as_json: bool, device: str, stream: str | None, reason: str) -> None:
    """Take for lost what is missing of DEVICE now; its alarm ends. What comes all the same is stored."""
    content = {"device": device, "stream": stream, "reason": reason}
    done = open_api(url, token_file).post(f"{GAPS}/write-off", {name: one for name, one in content.items() if one is not None})
    show(done, f"{device}: {done['messages']} messages written off", as_json)
