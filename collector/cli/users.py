"""`collector users`."""

from pathlib import Path

import click

from collector.cli.options import DEFAULT_DATA_DIR
from collector.core.errors import WrongUse


@click.group("users")
def command() -> None:
    """Who may log in to the console."""


@command.command("password", epilog="Example:  collector users password operator --data-dir var/collector")
@click.argument("name")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path(DEFAULT_DATA_DIR), show_default=True)
@click.password_option(help="Asked for when not given.")
def password(name: str, data_dir: Path, password: str) -> None:
    """Add the user NAME or change the password; ends that user's sessions."""
    from collector.store.accounts import ACCOUNTS, Accounts

    if not data_dir.is_dir():
        raise WrongUse(f"--data-dir {data_dir}: no such folder; `collector serve` makes it")
    Accounts(data_dir / ACCOUNTS).set_password(name, password)
    click.echo(f"{name}: password set")
