"""`collector silences`."""

from pathlib import Path

import click

from collector import lines
from collector.cli.asking import open_api, show
from collector.cli.options import Moment, api_options, as_json
from event_contract.times import format_time

SILENCES = "/api/v1/silences"


@click.group("silences")
def command() -> None:
    """What makes no sound for a while."""


@command.command("list", epilog="Example:  collector silences list")
@api_options
@as_json
def list_(url: str, token_file: Path, as_json: bool) -> None:
    """Print those that are not over."""
    for silence in open_api(url, token_file).get(SILENCES)["silences"]:
        show(silence, lines.silence(silence), as_json)


@command.command("add", epilog='Example:  collector silences add --device qn-ntt-01 --until 2026-03-02T18:00 --reason "works"')
@api_options
@as_json
@click.option("--device", help="Alerts of this device.")
@click.option("--camera", help="... of this camera.")
@click.option("--lane", help="... on this lane.")
@click.option("--kind", help="... of this kind, as in stopped_vehicle.")
@click.option("--from", "begins", type=Moment(), help="Default: now.")
@click.option("--until", "ends", type=Moment(), required=True, help="At most 30 days.")
@click.option("--reason", required=True, help="For the others.")
def add(
    url: str, token_file: Path, as_json: bool, begins: float | None, ends: float, reason: str, **names: str | None
) -> None:
    """Alerts that all the given names apply to make no sound until then; they are shown as ever."""
    times = {"ends": format_time(ends), **({} if begins is None else {"begins": format_time(begins)})}
    given = {name: value for name, value in names.items() if value is not None}
    silence = open_api(url, token_file).post(SILENCES, {**given, **times, "reason": reason})
    show(silence, lines.silence(silence), as_json)


@command.command("end", epilog="Example:  collector silences end 3")
@api_options
@as_json
@click.argument("number", type=click.IntRange(1))
def end(url: str, token_file: Path, as_json: bool, number: int) -> None:
    """End one before its time."""
    show(open_api(url, token_file).delete(f"{SILENCES}/{number}"), f"{number:>5}  ended", as_json)
