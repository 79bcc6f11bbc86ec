"""`collector audit`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.cli.accounting import accounts_in
from collector.cli.options import accounts_options, span_options

if TYPE_CHECKING:
    from collector.store.access.audit import Entry


@click.group("audit")
def command() -> None:
    """Who did what, when, and from where."""


@command.command("export", epilog="Example:  collector audit export --from 2026-03-01 --format syslog | logger -f /dev/stdin")
@click.option("--format", "form", type=click.Choice(["jsonl", "syslog"]), default="jsonl", show_default=True)
@click.option("--after", type=click.IntRange(0), default=0, help="Only what has a higher number: go on after the last one.")
@span_options
@accounts_options
def export(form: str, after: int, first_s: float | None, before_s: float | None, data_dir: Path, config: Path | None) -> None:
    """Print the audit log, the oldest first: JSON Lines, or syslog as RFC 5424 has it."""
    import json
    import math

    from collector.store.access.audit import Wanted, told

    with accounts_in(data_dir, config) as accounts:
        for entry in accounts.audit.read(Wanted(first_s or 0.0, math.inf if before_s is None else before_s, after)):
            click.echo(syslog(entry) if form == "syslog" else json.dumps(told(entry), ensure_ascii=False))


def syslog(entry: "Entry") -> str:
    """RFC 5424: facility 13 (log audit), notice, or warning for what did not go well; the figures as structured data."""
    import socket

    from event_contract.times import format_time

    priority = 13 * 8 + (5 if entry.outcome == "ok" else 4)
    named = {"n": entry.n, "who": entry.who, "target": entry.target, "outcome": entry.outcome, "address": entry.address}
    figures = " ".join(f'{name}="{_escaped(str(value))}"' for name, value in named.items())
    host = socket.gethostname() or "-"
    said = " ".join(f"{entry.action} {entry.target} {entry.detail}".split())
    return f"<{priority}>1 {format_time(entry.at)} {host} kerbwatch - audit [audit@32473 {figures}] \ufeff{said}"


def _escaped(text: str) -> str:
    """As a value in structured data; a line stays one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
    return "".join(one if one.isprintable() else " " for one in escaped)
