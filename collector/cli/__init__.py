"""`collector`: the commands, each imported only when it is called, so that `--help` answers at once."""

import importlib
import sys
from difflib import get_close_matches

import click

from collector import __version__
from collector.core.errors import Told

COMMANDS = {
    "alerts": "Alerts: what stands open, and what happens.",
    "audit": "Who did what, when, and from where.",
    "backup": "Save the data folder, also while the collector serves.",
    "broker-config": "Configurations for brokers of your own.",
    "config": "The configuration file.",
    "dead-letters": "Messages that could not be stored as events.",
    "devices": "Print the devices, and what is missing of each.",
    "events": "Events, as the devices sent them.",
    "gaps": "Messages that devices sent, and that neither came nor were told lost.",
    "openapi": "Print the OpenAPI 3.1 document of the HTTP API.",
    "restore": "Make the data folder from a backup.",
    "scorecard": "How good the alerts are, by people's verdicts.",
    "serve": "Run the collector until it is stopped.",
    "silences": "What makes no sound for a while.",
    "store": "The database of events, alerts and devices.",
    "subscriptions": "Who is told of alerts by webhook, e-mail or MQTT.",
    "tokens": "API tokens for software.",
    "users": "Who may log in to the console, and as what: viewer, operator, engineer or admin.",
}


class LazyGroup(click.Group):
    """Commands by name; the module collector.cli.<name> holds `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"collector.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], COMMANDS, 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(error.message + meant, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Examples:  collector serve --embedded-broker  |  collector alerts tail --lang vi  |  collector devices",
)
@click.version_option(__version__)
def cli() -> None:
    """Stores every event of the roadside devices, raises alerts and streams them."""


def main() -> None:
    """Entry point: errors meant for people become one line; Ctrl-C ends with 130."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except Told as error:
        click.echo(f"Error: {error}", err=True)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
