"""`collector events`."""

import time
from pathlib import Path
from typing import Any

import click

from collector import lines
from collector.cli.asking import end_at_once_on_ctrl_c, open_api, show
from collector.cli.options import api_options, as_json, page_limit, span_options


def filters(command: Any) -> Any:
    classes = click.Choice(["incident", "state", "telemetry"])
    event_class = click.option("--class", "event_class", type=classes, help="Of this class.")
    return event_class(click.option("--device", help="Of this device.")(command))


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


@command.command(
    "export",
    epilog="Examples:  collector events export --from 2026-03-01 --to 2026-04-01 --class incident --bom --out march.csv  |  "
    "collector events export --device qn-ntt-01 --format jsonl | gzip > all.jsonl.gz",
)
@api_options
@filters
@click.option("--kind", help="One kind, such as wrong_way or traffic_minute.")
@span_options
@click.option("--format", "file_format", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of standard output.")
@click.option("--bom", is_flag=True, help="CSV begins with a byte-order mark, by which Excel knows UTF-8.")
@click.option("--local-time", "local", is_flag=True, help="CSV has times in this machine's zone instead of UTC.")
def export(
    url: str, token_file: Path, event_class: str | None, device: str | None, kind: str | None, first_s: float | None,
    before_s: float | None, file_format: str, out: Path | None, bom: bool, local: bool,
) -> None:  # fmt: skip
    """Write stored events to a file, in the order of their commits; as many as there are.

    Times are those that the collector gave them: corrected where a device's clock was set later.
    """
    from collector.cli import exporting
    from collector.cli.showing import progress_bars
    from event_contract.times import format_time

    moments = {name: None if at is None else format_time(at) for name, at in (("from", first_s or 0.0), ("to", before_s))}
    query = {"class": event_class, "device": device, "kind": kind, **moments}
    with exporting.whole_file(out) as file, progress_bars() as progress:
        found = exporting.pages(open_api(url, token_file), lambda done, of: progress("export", done, of), **query)
        if file_format == "csv":
            count = exporting.write_csv(found, file, bom=bom, local=local)
        else:
            count = exporting.write_jsonl(found, file)
    click.echo(f"{count:,} events", err=True)
