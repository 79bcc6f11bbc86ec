"""`edge-agent doctor --config site.toml`."""

import json
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from edge_agent.cli.options import PathType
from edge_agent.core.failure import Failure

if TYPE_CHECKING:
    from edge_agent.core.finding import Finding

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
WIDTH, INDENT = 79, 27
EXAMPLES = """\b
Examples:
  edge-agent doctor --config site.toml
  edge-agent doctor --config site.toml --camera north --picture north.jpg
  edge-agent doctor --config site.toml --json
"""


@click.command("doctor", epilog=EXAMPLES)
@click.option("--config", "file", required=True, type=PathType, help="The site's configuration (TOML).")
@click.option("--camera", metavar="NAME", help="Look at this camera only.")
@click.option("--picture", type=PathType, help="Write a still with lanes, a 10 m grid, and where vehicles get too small.")
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(file: Path, camera: str | None, picture: Path | None, as_json: bool) -> None:
    """Look at everything this site needs: configuration, scenes, disk, clock, broker, model, cameras, and how far they see.

    It is safe beside a running agent. The exit status is 1 when a check fails.
    """
    from edge_agent.app.doctor import Wanted, look_at_site

    found: list[Finding] = []

    def tell(finding: "Finding") -> None:
        found.append(finding)
        if not as_json:
            click.echo("\n".join(lines_of(finding)))

    well = look_at_site(file, Wanted(camera, picture), tell)
    count = {verdict: sum(one.verdict == verdict for one in found) for verdict in COLOURS}
    if as_json:
        click.echo(json.dumps({"ok": well, "counts": count, "findings": [asdict(one) for one in found]}))
    else:
        click.echo(f"{count['ok']} ok, {count['warn']} warnings, {count['fail']} failures")
    if not well:
        raise Failure(f"checks that fail: {', '.join(_name(one) for one in found if one.verdict == 'fail')}")


def lines_of(finding: "Finding") -> list[str]:
    """Verdict, what was looked at, how it is; below it what to do. For a terminal of 80 columns."""
    said = wrap(finding.said, WIDTH - INDENT) or [""]
    step = wrap(f"-> {finding.next_step}", WIDTH - INDENT, subsequent_indent="   ") if finding.next_step else []
    verdict = click.style(f"{finding.verdict:5}", fg=COLOURS[finding.verdict], bold=finding.verdict == "fail")
    head = f"{verdict} {_name(finding):{INDENT - 7}} {said[0]}"
    return [head, *(" " * INDENT + line for line in (*said[1:], *step))]


def _name(finding: "Finding") -> str:
    return f"{finding.camera} {finding.topic}" if finding.camera else finding.topic
