"""`collector scorecard`."""

import json
from pathlib import Path

import click

from collector import lines
from collector.cli.asking import open_api
from collector.cli.options import api_options, as_json, span_options
from event_contract.times import format_time


@click.command("scorecard", epilog="Example:  collector scorecard --from 2026-03-01 --to 2026-04-01")
@api_options
@as_json
@span_options
def command(url: str, token_file: Path, as_json: bool, first_s: float | None, before_s: float | None) -> None:
    """How good the alerts are, by people's verdicts.

    Per rule, camera and model, with 95 % intervals; rules on trial beside them. By default of the last 30 days.
    """
    span = {name: None if at is None else format_time(at) for name, at in (("from", first_s), ("to", before_s))}
    card = open_api(url, token_file).get("/api/v1/scorecard", **span)
    if as_json:
        click.echo(json.dumps(card, ensure_ascii=False))
        return
    for line in lines.scorecard(card):
        click.echo(line)
