"""`collector openapi`."""

import click


@click.command("openapi", epilog="Example:  collector openapi > openapi.json")
def command() -> None:
    """Print the OpenAPI 3.1 document of the HTTP API."""
    import json

    from collector.web.openapi import document
    from collector.web.server import all_routes

    click.echo(json.dumps(document(all_routes()), indent=2, ensure_ascii=False))
