"""`edge-agent models`."""

import json
from pathlib import Path

import click
import msgspec

from edge_agent.cli.options import PathType, progress_bar


@click.group("models")
def command() -> None:
    """List, check and fetch detectors."""


models_dir_option = click.option("--models-dir", type=PathType, help="Folder with models of your own.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print for programs.")


@command.command("list")
@models_dir_option
@json_option
def list_(models_dir: Path | None, as_json: bool) -> None:
    """Every model that is known, and whether its file is here."""
    from edge_agent.detectors.catalogue import list_models, locate

    entries = list_models(models_dir)
    if as_json:
        rows = [{**msgspec.to_builtins(entry), "here": locate(entry, models_dir) is not None} for entry in entries]
        click.echo(json.dumps(rows))
        return
    for entry in entries:
        here = "here" if locate(entry, models_dir) else f"not here: edge-agent models pull {entry.name}"
        click.echo(f"{entry.name:20} {entry.family:8} {entry.input[0]}x{entry.input[1]}  {entry.licence:12} {here}")


@command.command("verify")
@click.argument("name")
@models_dir_option
def verify(name: str, models_dir: Path | None) -> None:
    """Check that the file of model NAME is the one that its manifest says."""
    from edge_agent.detectors.catalogue import find_entry
    from edge_agent.detectors.catalogue import verify as verify_file

    entry = find_entry(name, models_dir)
    click.echo(f"{name}: {verify_file(entry, models_dir)} has the right SHA-256 ({entry.sha256[:12]}…)")


@command.command("pull")
@click.argument("name")
@click.option("--from", "source", help="Mirror: a folder, a file, or a URL. Default: where its makers publish it.")
@models_dir_option
def pull(name: str, source: str | None, models_dir: Path | None) -> None:
    """Fetch model NAME and keep it if its SHA-256 is right."""
    from edge_agent.detectors.catalogue import find_entry, user_folder
    from edge_agent.detectors.pull import pull as pull_file

    entry = find_entry(name, models_dir)
    with progress_bar(name, entry.bytes, False) as progress:
        path = pull_file(entry, source, models_dir or user_folder(), progress)
    click.echo(f"{name}: {path}")
