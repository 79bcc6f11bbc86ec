"""`collector alerts`."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from collector import lines
from collector.cli import still
from collector.cli.asking import end_at_once_on_ctrl_c, open_api, show
from collector.cli.options import api_options, as_json, language, page_limit

ALERTS = "/api/v1/alerts"
EXERCISES = "/api/v1/exercises"
DEEDS = {
    "confirm": ("confirm", "It is so: the scorecard counts it as a true one."),
    "reject": ("reject", "It is not so: the scorecard counts it as a false alarm."),
    "ack": ("acknowledge", "Somebody takes care of it."),
    "resolve": ("resolve", "It has been dealt with."),
    "reopen": ("reopen", "It calls for somebody again."),
}


@click.group("alerts")
def command() -> None:
    """Alerts: what stands open, and what happens."""


@command.command("tail", epilog="Example:  collector alerts tail --lang vi --since 0")
@api_options
@as_json
@language
@click.option("--since", type=int, help="Begin after this change; 0 tells everything. Default: what happens from now on.")
@click.option("--exercise", type=click.Choice(["no", "also", "only"]), default="no", show_default=True, help="Staged ones.")
def tail(url: str, token_file: Path, as_json: bool, lang: str, since: int | None, exercise: str) -> None:
    """Print alerts as they change; survives a restart of the collector without a gap."""
    import json

    end_at_once_on_ctrl_c()
    for event in open_api(url, token_file).alert_stream(since, exercise):
        click.echo(event.data if as_json else lines.alert(json.loads(event.data), lang))


@command.command("list", epilog="Example:  collector alerts list --state open --json")
@api_options
@as_json
@language
@click.option("--state", type=click.Choice(["open", "closed", "all"]), default="all", show_default=True)
@page_limit
def list_(url: str, token_file: Path, as_json: bool, lang: str, state: str, limit: int) -> None:
    """Print the alerts, the one that changed last first."""
    for alert in open_api(url, token_file).get(ALERTS, state=state, limit=limit)["alerts"]:
        show(alert, lines.alert(alert, lang), as_json)


@command.command("show", epilog="Example:  collector alerts show qn-ntt-01/9f2c61d0/north/17")
@api_options
@as_json
@language
@click.argument("alert_id", metavar="ID")
def show_(url: str, token_file: Path, as_json: bool, lang: str, alert_id: str) -> None:
    """Print one alert, and what became of it: when, by whom and why."""
    found = open_api(url, token_file).get(f"{ALERTS}/{quote(alert_id)}")
    changes = (lines.change(change, lang) for change in found["changes"])
    show(found, "\n".join((lines.alert(found["alert"], lang), *changes)), as_json)


def _add(name: str, deed: str, about: str) -> None:
    """One command per deed; they differ in nothing else."""

    @command.command(name, help=about, epilog=f'Example:  collector alerts {name} qn-ntt-01/9f2c61d0/north/17 --reason "seen"')
    @api_options
    @as_json
    @language
    @click.argument("ids", metavar="ID...", nargs=-1, required=True)
    @click.option("--reason", default="", help="Kept with the alert.")
    def do(url: str, token_file: Path, as_json: bool, lang: str, ids: tuple[str, ...], reason: str) -> int:
        word = {"ids": ids, "reason": reason}
        done: list[dict[str, Any]] = open_api(url, token_file).post(f"{ALERTS}/{deed}", word)["alerts"]
        for one in done:
            show(one, f"{one['id']}: {one['why']}" if one["why"] else lines.alert(one["alert"], lang), as_json)
        return 1 if any(one["why"] for one in done) else 0


for _name, (_deed, _about) in DEEDS.items():
    _add(_name, _deed, _about)
command.add_command(still.command)


@command.command("exercise", epilog="Example:  collector alerts exercise --kind suspected_accident --seconds 20")
@api_options
@as_json
@language
@click.option("--kind", default="stopped_vehicle", show_default=True)
@click.option("--severity", type=click.Choice(["low", "medium", "high", "critical"]), default="high", show_default=True)
@click.option("--site", default="")
@click.option("--device", default="exercise-01", show_default=True)
@click.option("--lane")
@click.option("--seconds", type=click.FloatRange(0, 3600), default=10.0, show_default=True, help="How long it stands.")
def exercise(url: str, token_file: Path, as_json: bool, lang: str, seconds: float, **staged: str | None) -> None:
    """Stage an alert that opens, changes and ends. Only streams, feeds and subscribers that ask for exercises hear of it."""
    import time

    api = open_api(url, token_file)
    told = api.post(EXERCISES, staged)
    for phase in ("update", "end"):
        show(told["alert"], lines.alert(told["alert"], lang), as_json)
        time.sleep(seconds / 2)
        told = api.post(f"{EXERCISES}/{told['name']}/{phase}")
    show(told["alert"], lines.alert(told["alert"], lang), as_json)
