"""`collector backup`."""

from pathlib import Path

import click

from collector.cli.options import as_json, data_dir_option
from collector.core.errors import WrongUse


@click.command("backup", epilog="Example:  collector backup --out kerbwatch-2026-03-02.tar --data-dir var/collector")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write; it must not be there yet.")
@data_dir_option
@as_json
def command(out: Path, data_dir: Path, as_json: bool) -> None:
    """Save the data folder, also while the collector serves.

    The file holds events, users and every secret (token, password hashes, keys), and only its owner can read it: keep it so.
    """
    from collector.cli.showing import progress_bars, show_manifest
    from collector.store.backups import backup

    if not data_dir.is_dir():
        raise WrongUse(f"--data-dir {data_dir}: no such folder; name the one of `collector serve`")
    with progress_bars() as progress:
        manifest = backup.make(data_dir, out, progress)
    show_manifest(f"{out}: ", manifest, as_json)
