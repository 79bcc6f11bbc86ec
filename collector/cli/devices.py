"""`collector devices`."""

from pathlib import Path

import click

from collector import lines
from collector.cli.asking import open_api, show
from collector.cli.options import api_options, as_json


@click.command("devices", epilog="Example:  collector devices --json")
@api_options
@as_json
def command(url: str, token_file: Path, as_json: bool) -> None:
    """Print the devices, and what is missing of each."""
    for device in open_api(url, token_file).get("/api/v1/devices")["devices"]:
        show(device, "\n".join((lines.device(device), *lines.gaps(device))), as_json)
