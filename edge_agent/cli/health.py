"""`edge-agent health --config site.toml`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_agent.cli.options import PathType
from edge_agent.core.failure import Failure

if TYPE_CHECKING:
    from edge_agent.core.health.snapshot import Health, Item

COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}
VERDICTS = {"ok": "all is well", "warn": "well, with something to see to", "bad": "unwell"}
INDENT = 32
EXAMPLES = """\b
Examples:
  edge-agent health --config site.toml
  edge-agent health --config site.toml --json
"""


@click.command("health", epilog=EXAMPLES)
@click.option("--config", "file", required=True, type=PathType, help="The site's configuration (TOML).")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(file: Path, as_json: bool) -> None:
    """How the device is: heat, power, storage, memory, clock, link, outbox, cameras; and what to do about it.

    The running agent is asked. The exit status is 1 when something is bad, or no agent runs.
    """
    import msgspec

    from edge_agent.app.health_report import health_of
    from edge_agent.config import load_config

    health = health_of(load_config(file), file)
    if as_json:
        click.echo(msgspec.json.encode(health))
    else:
        click.echo("\n".join(lines_of(health)))
    if health.level == "bad":
        raise Failure(f"unwell: {', '.join(item.id for item in health.items if item.level == 'bad')}")


def lines_of(health: "Health") -> list[str]:
    """The worst first, below each what to do; then what the agent does by itself."""
    lines = [line for item in health.items for line in _item(item)]
    measures = health.measures
    if measures.frame_share < 1:
        lines.append(f"the agent looks at {measures.frame_share:.0%} of the frames, so that the device cools down")
    if not measures.telemetry:
        lines.append(f"the agent keeps its telemetry to itself ({measures.held} so far): what room there is is for incidents")
    if measures.unkept:
        lines.append(f"the figures of the last 24 h could not be written down {measures.unkept} times; see to data_dir")
    return [*lines, f"{VERDICTS[health.level]} at {health.at}"]


def _item(item: "Item") -> list[str]:
    from edge_agent.core.health.words import SAID, TODO, TOPICS, in_figures

    topic, _, name = item.id.partition("/")
    level = click.style(f"{item.level:5}", fg=COLOURS[item.level], bold=item.level == "bad")
    value = "" if item.value is None else f" ({in_figures(item.value, item.unit)})"
    since = "" if item.since is None else f", since {item.since}"
    head = f"{level} {f'{TOPICS[topic].en} {name}'.strip():{INDENT - 7}} {SAID[item.said].en}{value}{since}"
    return [head, *([" " * INDENT + f"-> {TODO[item.todo].en}"] if item.todo else [])]
