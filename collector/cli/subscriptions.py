"""`collector subscriptions`."""

from pathlib import Path
from typing import Any

import click

from collector.cli.asking import open_api, show
from collector.cli.options import api_options, as_json, page_limit

SUBSCRIPTIONS = "/api/v1/subscriptions"


@click.group("subscriptions")
def command() -> None:
    """Who is told of alerts by signed HTTPS posts."""


@command.command("add", epilog="Example:  collector subscriptions add ioc https://ioc.example/alerts --least high")
@click.argument("name")
@click.argument("address")
@click.option("--kind", "kinds", multiple=True, help="Only of this kind; may be given several times.")
@click.option("--site", "sites", multiple=True, help="Only of this site; may be given several times.")
@click.option("--least", type=click.Choice(["low", "medium", "high", "critical"]), default="low", show_default=True)
@click.option("--quiet", help="Hours, as in 22:00-06:00, in which only what is critical is told; the rest waits.")
@click.option("--per-minute", type=click.IntRange(1, 60_000), help="No more posts than this; the rest waits.")
@api_options
@as_json
def add(name: str, address: str, url: str, token_file: Path, as_json: bool, **wish: Any) -> None:
    """Tell a receiver of alerts from now on. Its secret is shown this once."""
    content = {"name": name, "url": address, **wish}
    made = open_api(url, token_file).post(SUBSCRIPTIONS, content)
    show(made, f"{made['name']}  secret {made['secret']} (shown this once)", as_json)


@command.command("list", epilog="Example:  collector subscriptions list --json")
@api_options
@as_json
def list_(url: str, token_file: Path, as_json: bool) -> None:
    """Print the receivers, and how much waits for each."""
    for one in open_api(url, token_file).get(SUBSCRIPTIONS)["subscriptions"]:
        show(one, _line(one), as_json)


@command.command("test", epilog="Example:  collector subscriptions test ioc")
@click.argument("name")
@api_options
@as_json
@click.pass_context
def test(context: click.Context, name: str, url: str, token_file: Path, as_json: bool) -> None:
    """Post one message of type webhook.test now; status 1 when the receiver does not take it."""
    reply = open_api(url, token_file).post(f"{SUBSCRIPTIONS}/{name}/test")
    show(reply, f"{name}  {'delivered' if reply['delivered'] else 'not delivered'}: {reply['outcome']}", as_json)
    context.exit(0 if reply["delivered"] else 1)


@command.command("rotate", epilog="Example:  collector subscriptions rotate ioc --overlap-h 24")
@click.argument("name")
@click.option("--overlap-h", type=click.FloatRange(0, 168), default=24.0, show_default=True, help="The old one signs, too.")
@api_options
@as_json
def rotate(name: str, overlap_h: float, url: str, token_file: Path, as_json: bool) -> None:
    """Make a new secret, shown this once. A receiver that was disabled is told again from now on."""
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
        again = f", again at {one['due_at']}" if one["due_at"] else ""
        told = f"{one['state']}, {one['tries']} tries, {one['outcome'] or 'not tried'}{again}"
        show(one, f"{one['seq']:>8}  {one['queued_at']}  {one['message_id']}  {told}", as_json)


def _line(one: dict[str, Any]) -> str:
    state = f"disabled: {one['disabled']}" if one["disabled"] else f"{one['waiting']} waiting"
    return f"{one['name']:<16}  {one['url']}  {state}"
