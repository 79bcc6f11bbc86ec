"""`collector alerts`."""

from pathlib import Path

import click

from collector import lines
from collector.cli.asking import end_at_once_on_ctrl_c, open_api, show
from collector.cli.options import api_options, as_json, language, page_limit


@click.group("alerts")
def command() -> None:
    """Alerts: what stands open, and what happens."""


@command.command("tail", epilog="Example:  collector alerts tail --lang vi --since 0")
@api_options
@as_json
@language
@click.option("--since", type=int, help="Begin after this change; 0 tells everything. Default: what happens from now on.")
def tail(url: str, token_file: Path, as_json: bool, lang: str, since: int | None) -> None:
    """Print alerts as they change; survives a restart of the collector without a gap."""
    import json

    end_at_once_on_ctrl_c()
    for event in open_api(url, token_file).alert_stream(since):
        click.echo(event.data if as_json else lines.alert(json.loads(event.data), lang))


@command.command("list", epilog="Example:  collector alerts list --state open --json")
@api_options
@as_json
@language
@click.option("--state", type=click.Choice(["open", "closed", "all"]), default="all", show_default=True)
@page_limit
def list_(url: str, token_file: Path, as_json: bool, lang: str, state: str, limit: int) -> None:
    """Print the alerts, the one that changed last first."""
    for alert in open_api(url, token_file).get("/api/v1/alerts", state=state, limit=limit)["alerts"]:
        show(alert, lines.alert(alert, lang), as_json)
