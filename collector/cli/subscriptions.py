"""`collector subscriptions`."""

from pathlib import Path
from typing import Any

import click

from collector.cli.asking import open_api, show
from collector.cli.options import api_options, as_json, page_limit

SUBSCRIPTIONS = "/api/v1/subscriptions"
ADDING = """\b
Examples:
  collector subscriptions add ioc https://ioc.example/alerts --least medium --site quy-nhon
  collector subscriptions add duty mailto:duty@city.example --quiet 22:00-06:00 --lang vi
  collector subscriptions add city mqtt:kerbwatch/alerts --kind congestion --per-minute 60"""


@click.group("subscriptions")
def command() -> None:
    """Who is told of alerts by webhook, e-mail or MQTT."""


@command.command("add", epilog=ADDING)
@click.argument("name")
@click.argument("address")
@click.option("--kind", "kinds", multiple=True, help="Only of this kind; may be given several times.")
@click.option("--site", "sites", multiple=True, help="Only of this site; may be given several times.")
@click.option("--least", type=click.Choice(["low", "medium", "high", "critical"]), default="low", show_default=True)
@click.option("--changes", type=click.Choice(["all", "sounding"]), help="All, or what sounds and its end, as e-mail has it.")
@click.option("--quiet", help="Hours, as in 22:00-06:00; what they hold back comes as a summary afterwards.")
@click.option("--per-minute", type=click.IntRange(1, 60_000), help="Beyond it messages are held back, and summed up.")
@click.option("--hold-critical", is_flag=True, help="Hold back what is critical, too.")
@click.option("--exercise", type=click.Choice(["no", "also", "only"]), default="no", show_default=True)
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Of e-mail.")
@api_options
@as_json
def add(name: str, address: str, url: str, token_file: Path, as_json: bool, **wish: Any) -> None:
    """Tell https://..., mailto:NAME@HOST or mqtt:TOPIC of alerts from now on. A webhook's secret is shown this once."""
    made = open_api(url, token_file).post(SUBSCRIPTIONS, {"name": name, "url": address, **wish})
    secret = f"  secret {made['secret']} (shown this once)" if made["secret"] else f"  {made['url']}"
    show(made, f"{made['name']}{secret}", as_json)


@command.command("list", epilog="Example:  collector subscriptions list --json")
@api_options
@as_json
def list_(url: str, token_file: Path, as_json: bool) -> None:
    """Print the subscribers, how much waits for each, and how much of it is held back."""
    for one in open_api(url, token_file).get(SUBSCRIPTIONS)["subscriptions"]:
        show(one, _line(one), as_json)


@command.command("test", epilog="Example:  collector subscriptions test ioc")
@click.argument("name")
@api_options
@as_json
@click.pass_context
def test(context: click.Context, name: str, url: str, token_file: Path, as_json: bool) -> None:
    """Send one test message now; status 1 when the receiver does not take it."""
    reply = open_api(url, token_file).post(f"{SUBSCRIPTIONS}/{name}/test")
    show(reply, f"{name}  {'delivered' if reply['delivered'] else 'not delivered'}: {reply['outcome']}", as_json)
    context.exit(0 if reply["delivered"] else 1)


@command.command("rotate", epilog="Example:  collector subscriptions rotate ioc --overlap-h 24")
@click.argument("name")
@click.option("--overlap-h", type=click.FloatRange(0, 168), default=24.0, show_default=True, help="The old one signs, too.")
@api_options
@as_json
def rotate(name: str, overlap_h: float, url: str, token_file: Path, as_json: bool) -> None:
    """Make a webhook's new secret, shown this once. A receiver that was disabled is told again from now on."""
    made = open_api(url, token_file).post(f"{SUBSCRIPTIONS}/{name}/rotate", {"overlap_h": overlap_h})
    show(made, f"{made['name']}  secret {made['secret']} (shown this once)", as_json)


@command.command("remove", epilog="Example:  collector subscriptions remove ioc")
@click.argument("name")
@api_options
@as_json
def remove(name: str, url: str, token_file: Path, as_json: bool) -> None:
    """Forget the receiver and all that waits for it."""
    show(open_api(url, token_file).delete(f"{SUBSCRIPTIONS}/{name}"), f"{name}  removed", as_json)


@command.command("deliveries", epilog="Example:  collector subscriptions deliveries ioc --limit 20")
@click.argument("name")
@page_limit
@api_options
@as_json
def deliveries(name: str, limit: int, url: str, token_file: Path, as_json: bool) -> None:
    """Print what became of each change of an alert, the newest first."""
    for one in open_api(url, token_file).get(f"{SUBSCRIPTIONS}/{name}/deliveries", limit=limit)["deliveries"]:
        held = f", held back: {one['held']}" if one["held"] else ""
        again = f", due at {one['due_at']}" if one["due_at"] else ""
        told = f"{one['state']}{held}, {one['tries']} tries, {one['outcome'] or 'not tried'}{again}"
        show(one, f"{one['seq']:>8}  {one['queued_at']}  {one['message_id']}  {told}", as_json)


def _line(one: dict[str, Any]) -> str:
    state = f"disabled: {one['disabled']}" if one["disabled"] else f"{one['waiting']} waiting, {one['held']} held back"
    return f"{one['name']:<16}  {one['url']}  {state}"
