"""`collector events`."""

import time
from pathlib import Path
from typing import Any

import click

from collector import lines
from collector.cli.asking import end_at_once_on_ctrl_c, open_api, show
from collector.cli.options import api_options, as_json, page_limit


def filters(command: Any) -> Any:
    event_class = click.option("--class", "event_class", type=click.Choice(["incident", "state", "telemetry"]))
    return event_class(click.option("--device")(command))


@click.group("events")
def command() -> None:
    """Events, as the devices sent them."""


@command.command("tail", epilog="Example:  collector events tail --class state --json")
@api_options
@as_json
@filters
def tail(url: str, token_file: Path, as_json: bool, event_class: str | None, device: str | None) -> None:
    """Print events as they are stored."""
    end_at_once_on_ctrl_c()
    api = open_api(url, token_file)
    after = api.get("/api/v1/summary")["newest_event"]
    while True:
        page = api.get("/api/v1/events", after=after, device=device, **{"class": event_class})
        for event in page["events"]:
            show(event, lines.event(event), as_json)
        after = page["next"]
        if not page["events"]:
            time.sleep(1)


@command.command("list", epilog="Example:  collector events list --after 0 --limit 1000 --json")
@api_options
@as_json
@filters
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Number of the last event seen.")
@page_limit
def list_(
    url: str, token_file: Path, as_json: bool, event_class: str | None, device: str | None, after: int, limit: int
) -> None:
    """Print stored events in the order of their commits."""
    query = {"class": event_class, "device": device, "after": after, "limit": limit}
    for event in open_api(url, token_file).get("/api/v1/events", **query)["events"]:
        show(event, lines.event(event), as_json)
