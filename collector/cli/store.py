"""`collector store`."""

from pathlib import Path

import click

from collector.cli.options import as_json


@click.group("store")
def command() -> None:
    """The database of events, alerts and devices."""


@command.command("migrate", epilog="Example:  collector store migrate --from var/collector --to postgresql://kerbwatch@db/city")
@click.option("--from", "data_dir", type=click.Path(path_type=Path), required=True, help="Data folder of a stopped collector.")
@click.option("--to", "url", required=True, help="Of an empty PostgreSQL database, without a password.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Otherwise PGPASSWORD or ~/.pgpass.")
@as_json
def migrate(data_dir: Path, url: str, password_file: Path | None, as_json: bool) -> None:
    """Move what a collector has stored in SQLite to PostgreSQL, all or nothing; users, tokens and the audit log too."""
    import msgspec

    from collector.cli.showing import progress_bars
    from collector.config.store import holds_password
    from collector.core.errors import WrongUse
    from collector.data_dir import held
    from collector.store.engines.opening import need_driver
    from collector.store.engines.sqlite import DATABASE

    need_driver()
    from collector.store.engines.moving import move
    from collector.store.engines.postgres import Address

    if holds_password(url):
        raise WrongUse("--to: holds a password, which other users of this machine can see; use --password-file or PGPASSWORD")
    if not data_dir.is_dir():
        raise WrongUse(f"--from {data_dir}: no such folder; name the data folder of `collector serve`")
    try:
        password = password_file.read_text().strip() if password_file else None
    except OSError as error:
        raise WrongUse(f"--password-file {password_file}: {error.strerror}") from error
    with held(data_dir), progress_bars() as progress:
        rows = move(data_dir / DATABASE, Address(url, password), progress)
    if as_json:
        click.echo(msgspec.json.encode({"rows": rows}).decode())
    else:
        click.echo("\n".join(f"{table:<16} {count:>12,}" for table, count in rows.items()))
        click.echo('moved and counted; now set [store] url = "..." in the configuration', err=True)
