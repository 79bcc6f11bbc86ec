"""`edge-agent discover`."""

from typing import TYPE_CHECKING

import click

from edge_agent.core.failure import Failure

if TYPE_CHECKING:
    from edge_agent.core.nearby import Nearby

EXAMPLES = """\b
Examples:
  edge-agent discover
  edge-agent discover --seconds 10 --json
"""


@click.command("discover", epilog=EXAMPLES)
@click.option("--seconds", type=click.FloatRange(0.5, 120), default=3.0, show_default=True, help="How long to listen.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(seconds: float, as_json: bool) -> None:
    """List the devices on the local network: name, site, page, the beginning of its certificate's fingerprint, version.

    They say so themselves (multicast DNS), and only where [web] serves the network: compare the fingerprint with the sticker on
    the box before you type a password. The exit status is 1 when none answers.
    """
    import json
    from dataclasses import asdict

    from edge_agent.web.discovering import around

    found = around(seconds)
    if as_json:
        click.echo(json.dumps([{**asdict(one), "url": one.url} for one in found], ensure_ascii=False))
    elif found:
        click.echo("\n".join(lines_of(found)))
    if not found:
        raise Failure("no device answered; is this the same network, and does it let multicast pass (guest Wi-Fi seldom does)?")


def lines_of(found: list["Nearby"]) -> list[str]:
    """In columns."""
    head = ("device", "site", "page", "certificate's SHA-256", "version")
    rows = [head, *((one.device, one.site, one.url, f"{one.fingerprint}:...", one.version) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
