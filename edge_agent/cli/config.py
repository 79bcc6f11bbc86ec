"""`edge-agent config check FILE`."""

import json
from pathlib import Path

import click

from edge_agent.cli.options import PathType


@click.group("config")
def command() -> None:
    """Check a site's configuration."""


@command.command("check")
@click.argument("file", type=PathType)
@click.option("--json", "as_json", is_flag=True, help="Print the result for programs.")
def check(file: Path, as_json: bool) -> None:
    """Read FILE, its scenes and its model; say what is wrong, or that all is well."""
    from edge_agent.app.checking import check_config

    checked = check_config(file)
    if as_json:
        figures = {"ok": True, "device": checked.config.device, "cameras": checked.cameras, "model": checked.model}
        click.echo(json.dumps(figures))
        return
    click.echo(f"{file}: well formed; device {checked.config.device}, {len(checked.cameras)} cameras, model {checked.model}")
    for name, scene in checked.cameras.items():
        click.echo(f"  camera {name}: {scene}")
