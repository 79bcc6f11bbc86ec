"""`edge-agent`: the commands, each imported only when it is called, so that `--help` answers at once."""

import importlib
import signal
import sys
from difflib import get_close_matches
from typing import Any

import click

from edge_agent import __version__
from edge_agent.core.failure import Failure

COMMANDS = {
    "run": "Watch the site's cameras and send events to the collector.",
    "analyse": "Find the incidents in a clip.",
    "evaluate": "Judge scene folders with known truth: recall, false alarms, delay.",
    "capture": "Keep a situation from the field as a scene folder.",
    "simulate": "Play a simulated road: its scene, its truth, and what a detector sees of it.",
    "calibrate": "Work out a scene's calibration, and how good its speeds will be.",
    "doctor": "Look at everything a site needs, and say what to do.",
    "web": "Who may look at the device's own page, and how to know it.",
    "discover": "List the devices on the local network.",
    "health": "How a device is, and what to do about it.",
    "config": "Check a site's configuration.",
    "models": "List, check and fetch detectors.",
}

EXAMPLES = """\b
Examples:
  edge-agent analyse road.mp4 --scene north.json --annotate out.mp4
  edge-agent config check site.toml
  edge-agent run --config site.toml
"""


class LazyGroup(click.Group):
    """Commands by name; the module edge_agent.cli.<name> holds `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"edge_agent.cli.{cmd_name}").command
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


@click.command(cls=LazyGroup, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edge-agent")
def group() -> None:
    """Roadside agent: recognises incidents on the spot and sends only events."""


def main(arguments: list[str] | None = None) -> Any:
    """Exit status: 0 done; 1 the work failed or found something; 2 wrong use; 130 on Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        group.main(arguments, prog_name="edge-agent", standalone_mode=False)
    except Failure as failure:
        click.echo(f"edge-agent: {failure}", err=True)
        sys.exit(failure.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("edge-agent: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away, as in `edge-agent ... | head`
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that nobody may write to
        click.echo(f"edge-agent: {error.filename or 'output'}: {error.strerror or error}", err=True)
        sys.exit(1)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
