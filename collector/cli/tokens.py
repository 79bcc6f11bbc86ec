"""`collector tokens`."""

import time
from pathlib import Path

import click

from collector.cli.accounting import accounts_in, by
from collector.cli.options import Moment, accounts_options, as_json
from collector.core.roles import ROLES, Role


@click.group("tokens")
def command() -> None:
    """API tokens for software. Each has a role: viewer, operator, engineer or admin."""


@command.command("create", epilog="Example:  collector tokens create wall-display --role viewer --expires 2027-01-01")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--expires", "expires_at", type=Moment(), help="No good any more from this time on; for ever when not given.")
@accounts_options
@as_json
def create(name: str, role: Role, expires_at: float | None, data_dir: Path, config: Path | None, as_json: bool) -> None:
    """Make a token and print it, this once. It works at once."""
    import json

    with accounts_in(data_dir, config) as accounts:
        token = accounts.tokens.create(name, role, expires_at, by())
        accounts.audit.write(by(), "create token", name, detail=role)
    click.echo(json.dumps({"name": name, "role": role, "token": token}) if as_json else token)


@command.command("list", epilog="Example:  collector tokens list --json")
@accounts_options
@as_json
def list_(data_dir: Path, config: Path | None, as_json: bool) -> None:
    """Print the tokens, without their secrets."""
    import json

    from event_contract.times import format_time

    with accounts_in(data_dir, config) as accounts:
        for one in accounts.tokens.listed():
            made, expires, used = (at and format_time(at) for at in (one.made_at, one.expires_at, one.used_at))
            times = {"made_at": made, "expires_at": expires, "used_at": used}
            told = {"name": one.name, "role": one.role, "made_by": one.made_by, **times}
            over = one.expires_at is not None and one.expires_at <= time.time()
            ends = f"{'expired' if over else 'expires'} {expires}" if expires else "does not expire"
            maker = f" by {one.made_by}" if one.made_by else ""
            line = f"{one.name:<24} {one.role:<9} made {made}{maker}  {ends}  {f'used {used}' if used else 'never used'}"
            click.echo(json.dumps(told) if as_json else line)


@command.command("revoke", epilog="Example:  collector tokens revoke wall-display")
@click.argument("name")
@accounts_options
def revoke(name: str, data_dir: Path, config: Path | None) -> None:
    """End a token with its next request, and within seconds the streams that it opened."""
    with accounts_in(data_dir, config) as accounts:
        accounts.tokens.revoke(name)
        accounts.audit.write(by(), "revoke token", name)
    click.echo(f"{name}: revoked")
