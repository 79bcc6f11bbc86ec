"""`collector users`."""

from pathlib import Path

import click

from collector.cli.accounting import accounts_in, by
from collector.cli.options import accounts_options, as_json
from collector.core.roles import ROLES, Role


@click.group("users")
def command() -> None:
    """Who may log in to the console, and as what: viewer, operator, engineer or admin."""


@command.command("password", epilog="Example:  collector users password lan --role operator --data-dir var/collector")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="As it is; of somebody new, operator.")
@accounts_options
@click.password_option(help="Asked for when not given.")
def password(name: str, role: Role | None, data_dir: Path, config: Path | None, password: str) -> None:
    """Add the user NAME or change the password; ends that user's sessions."""
    with accounts_in(data_dir, config) as accounts:
        accounts.set_password(name, password, role)
        accounts.audit.write(by(), "set password", name, detail=role or "")
    click.echo(f"{name}: password set")


@command.command("role", epilog="Example:  collector users role lan engineer")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@accounts_options
def role(name: str, role: Role, data_dir: Path, config: Path | None) -> None:
    """Change what the user NAME may do, from the next request on."""
    with accounts_in(data_dir, config) as accounts:
        accounts.set_role(name, role)
        accounts.audit.write(by(), "set role", name, detail=role)
    click.echo(f"{name}: {role}")


@command.command("remove", epilog="Example:  collector users remove lan")
@click.argument("name")
@accounts_options
def remove(name: str, data_dir: Path, config: Path | None) -> None:
    """Remove the user NAME; ends that user's sessions, and the tokens that he made."""
    with accounts_in(data_dir, config) as accounts:
        gone = accounts.remove(name)
        accounts.audit.write(by(), "remove user", name, detail=", ".join(gone))
    click.echo(f"{name}: removed{_and(gone)}")


@command.command("disable", epilog="Example:  collector users disable lan")
@click.argument("name")
@accounts_options
def disable(name: str, data_dir: Path, config: Path | None) -> None:
    """Let the user NAME in no more; ends that user's sessions, and the tokens that he made. Password and role stay."""
    with accounts_in(data_dir, config) as accounts:
        gone = accounts.disable(name)
        accounts.audit.write(by(), "disable user", name, detail=", ".join(gone))
    click.echo(f"{name}: disabled{_and(gone)}")


@command.command("enable", epilog="Example:  collector users enable lan")
@click.argument("name")
@accounts_options
def enable(name: str, data_dir: Path, config: Path | None) -> None:
    """Let the user NAME in again, with the password and role of before."""
    with accounts_in(data_dir, config) as accounts:
        accounts.enable(name)
        accounts.audit.write(by(), "enable user", name)
    click.echo(f"{name}: enabled")


@command.command("list", epilog="Example:  collector users list --json")
@accounts_options
@as_json
def list_(data_dir: Path, config: Path | None, as_json: bool) -> None:
    """Print who may log in."""
    import json

    with accounts_in(data_dir, config) as accounts:
        for one in accounts.users():
            line = f"{one.name:<24} {one.role:<9} {'disabled' if one.disabled else ''}".rstrip()
            click.echo(json.dumps(one._asdict()) if as_json else line)


def _and(tokens: list[str]) -> str:
    return f", and his tokens revoked: {', '.join(tokens)}" if tokens else ""
