"""`edge-agent web`."""

from pathlib import Path

import click

from edge_agent.cli.options import PathType

config_option = click.option("--config", "file", required=True, type=PathType, help="The site's configuration (TOML).")


@click.group("web")
def command() -> None:
    """Who may look at the device's own page, and how to know it."""


@command.command("password", epilog="Example:  edge-agent web password --config site.toml")
@config_option
@click.option("--user", default="technician", show_default=True, help="Who logs in with it; added where there is none.")
@click.password_option(help="Asked for when not given.")
def password(file: Path, user: str, password: str) -> None:
    """Set the password of the page, the first one too; there is none before. Ends that user's sessions."""
    from edge_agent.app.page_setup import set_password

    set_password(file, user, password)
    click.echo(f"{user}: password set")


@command.command("show", epilog="Example:  edge-agent web show --config site.toml")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def show(file: Path, as_json: bool) -> None:
    """Where the page is, who may log in, and the fingerprint of its certificate, for the sticker on the box."""
    import json
    from dataclasses import asdict

    from edge_agent.app.page_setup import look

    page = look(file)
    if as_json:
        click.echo(json.dumps(asdict(page)))
        return
    click.echo(f"{page.address}, listening on {page.listens}")
    click.echo(f"users: {', '.join(page.users) or 'nobody yet: edge-agent web password'}")
    click.echo(f"SHA-256 fingerprint: {page.fingerprint}")
