"""`collector config check FILE`."""

from pathlib import Path

import click


@click.group("config")
def command() -> None:
    """The configuration file."""


@command.command("check", epilog="Example:  collector config check collector.toml")
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say whether FILE is a valid configuration."""
    from collector.config import load

    load(file)
    click.echo(f"{file}: good")
