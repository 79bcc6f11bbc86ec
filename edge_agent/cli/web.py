"""`edge-agent web`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from edge_agent.cli.options import PathType

USER = "technician"
EXAMPLES = """\b
Examples:
  edge-agent web password --config site.toml
  edge-agent web password --config site.toml --user duty --generate
"""
config_option = click.option("--config", "file", required=True, type=PathType, help="The site's configuration (TOML).")
json_option = click.option("--json", "as_json", is_flag=True, help="Print for programs.")


@click.group("web")
def command() -> None:
    """Who may look at the device's own page, and how to know it."""


@command.command("password", epilog=EXAMPLES)
@config_option
@click.option("--user", default=USER, show_default=True, help="Who logs in with it; added where there is none.")
@click.option("--password", help="Asked for when not given; others on this machine may see what is given here.")
@click.option("--generate", is_flag=True, help="Make one and print it, this once: for the sticker on the box.")
@json_option
def password(file: Path, user: str, password: str | None, generate: bool, as_json: bool) -> None:
    """Set the password of the page, the first one too; there is none before. Ends that user's sessions."""
    import secrets

    from edge_agent.app.page_setup import set_password

    if generate and password is not None:
        raise click.UsageError("--password and --generate: expected one of them")
    made = secrets.token_hex(8) if generate else None
    given = made if password is None else password
    set_password(file, user, given or click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    if as_json:
        click.echo(json.dumps({"user": user} | ({"password": made} if made else {})))
    else:
        click.echo(f"{user}: {made}" if made else f"{user}: password set")


@command.command("remove", epilog="Example:  edge-agent web remove --config site.toml --user duty")
@config_option
@click.option("--user", required=True, help="Who may no longer log in.")
@json_option
def remove(file: Path, user: str, as_json: bool) -> None:
    """Take a user away. Ends his sessions."""
    from edge_agent.app import page_setup

    page_setup.remove(file, user)
    click.echo(json.dumps({"user": user}) if as_json else f"{user}: removed")


@command.command("show", epilog="Example:  edge-agent web show --config site.toml")
@config_option
@json_option
def show(file: Path, as_json: bool) -> None:
    """Where the page is, who may log in, and the fingerprint of its certificate, for the sticker on the box."""
    from edge_agent.app.page_setup import look

    page = look(file)
    if as_json:
        click.echo(json.dumps(asdict(page)))
        return
    click.echo(f"{page.address}, listening on {page.listens}{', announced to the local network' if page.announced else ''}")
    click.echo(f"users: {', '.join(page.users) or 'nobody yet: edge-agent web password'}")
    click.echo(f"SHA-256 fingerprint: {page.fingerprint}")


@command.command("audit", epilog="Example:  edge-agent web audit --config site.toml --limit 20")
@config_option
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="So many of the newest.")
@json_option
def audit(file: Path, limit: int, as_json: bool) -> None:
    """Who logged in, failed to, and did what on the page; the newest first."""
    import msgspec

    from edge_agent.app.page_setup import deeds

    entries = deeds(file, limit)
    if as_json:
        click.echo(msgspec.json.encode(entries))
        return
    for one in entries:
        detail = f" ({one.detail})" if one.detail else ""
        click.echo(f"{one.at}  {one.address:15}  {one.who!r}  {one.action}: {one.outcome}{detail}")


@command.command("openapi", epilog="Example:  edge-agent web openapi > openapi-device.json")
def openapi() -> None:
    """Print the OpenAPI 3.1 document of the page's API."""
    from edge_agent.web.application import all_routes
    from edge_agent.web.openapi import document

    click.echo(json.dumps(document(all_routes()), indent=2, ensure_ascii=False))
