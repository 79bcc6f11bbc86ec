"""`collector dead-letters`."""

from pathlib import Path

import click

from collector import lines
from collector.cli.asking import open_api, show
from collector.cli.options import api_options, as_json, page_limit


@click.group("dead-letters")
def command() -> None:
    """Messages that could not be stored as events."""


@command.command("list", epilog="Example:  collector dead-letters list --limit 20")
@api_options
@as_json
@page_limit
def list_(url: str, token_file: Path, as_json: bool, limit: int) -> None:
    """Print the dead letters, the newest first."""
    for letter in open_api(url, token_file).get("/api/v1/dead-letters", limit=limit)["dead_letters"]:
        show(letter, lines.dead_letter(letter), as_json)
