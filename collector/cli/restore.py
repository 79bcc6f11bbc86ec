"""`collector restore`."""

from pathlib import Path

import click

from collector.cli.options import as_json, data_dir_option


@click.command("restore", epilog="Example:  collector restore kerbwatch-2026-03-02.tar --data-dir var/collector")
@click.argument("file", type=click.Path(path_type=Path))
@data_dir_option
@as_json
def command(file: Path, data_dir: Path, as_json: bool) -> None:
    """Make the data folder from a backup.

    Refused when the folder holds anything, or a collector runs on it. What devices delivered after the backup is gone: it
    was acknowledged, and they no longer have it.
    """
    from collector.cli.showing import progress_bars, show_manifest
    from collector.data_dir import held
    from collector.store.backups import restoring

    with held(data_dir):
        restoring.check_empty(data_dir)
        with progress_bars() as progress:
            manifest = restoring.restore(file, data_dir, progress)
    show_manifest(f"{data_dir} restored from {file}: ", manifest, as_json)
