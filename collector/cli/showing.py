"""What several commands show: how far they are, and what a backup holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collector.store.backups.archive import Manifest, Progress

BAR_LENGTH = 30


@contextmanager
def progress_bars() -> Iterator["Progress"]:
    """One line on a terminal, rewritten as it goes on; nothing where standard error is none."""
    import sys

    shown = ""

    def show(what: str, done: int, of: int) -> None:
        nonlocal shown
        part = done / of if of else 1.0
        line = f"{what:<24} [{'#' * round(part * BAR_LENGTH):<{BAR_LENGTH}}] {part:4.0%}"
        if sys.stderr.isatty() and line != shown:
            shown = line
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)

    try:
        yield show
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def show_manifest(before: str, manifest: "Manifest", as_json: bool) -> None:
    import msgspec

    if as_json:
        click.echo(msgspec.json.encode(manifest).decode())
        return
    rows = {table: n for file in manifest.files for table, n in file.rows.items()}
    size = sum(file.bytes for file in manifest.files)
    newest = manifest.newest_event_at
    click.echo(
        f"{before}{rows.get('events', 0):,} events{f' up to {newest}' if newest else ''}, {rows.get('alerts', 0):,} alerts,"
        f" {rows.get('users', 0):,} users; {len(manifest.files)} files, {size:,} bytes; made {manifest.made_at}"
    )
    if "events" not in rows:
        click.echo("Without a database of events: on PostgreSQL save it with pg_dump, see docs/operations.md.", err=True)
