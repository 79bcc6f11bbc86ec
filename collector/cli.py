"""The command `collector`. Parts are imported when a command needs them, so that --help answers at once."""

import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from collector import __version__, lines
from collector.core.errors import Told, WrongUse

if TYPE_CHECKING:
    from collector.client import Api

DEFAULT_DATA_DIR = "var/collector"

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document per line.")
language = click.option("--lang", type=click.Choice(["vi", "en"]), default="en", show_default=True)


def api_options(command: Any) -> Any:
    """--url and --token-file, for the commands that ask a running collector."""
    url = click.option("--url", default="http://127.0.0.1:8088", show_default=True, envvar="COLLECTOR_URL")
    token = click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        default=Path(DEFAULT_DATA_DIR) / "api-token",
        show_default=True,
        envvar="COLLECTOR_TOKEN_FILE",
        help="File with the API token; `collector serve` makes one in its data directory.",
    )
    return url(token(command))


def event_filters(command: Any) -> Any:
    event_class = click.option("--class", "event_class", type=click.Choice(["incident", "state", "telemetry"]))
    return event_class(click.option("--device")(command))


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


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Examples:  collector serve --embedded-broker  |  collector alerts tail --lang vi  |  collector devices",
)
@click.version_option(__version__)
def cli() -> None:
    """Stores every event of the roadside devices, raises alerts and streams them."""


@cli.command(epilog="Example:  collector serve --embedded-broker --data-dir var/collector")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="TOML file; options win over it.")
@click.option("--embedded-broker", is_flag=True, default=None, help="Run an MQTT broker inside, on 127.0.0.1 only.")
@click.option("--data-dir", help=f"Where everything is kept; default {DEFAULT_DATA_DIR}.")
@click.option("--http-port", type=click.IntRange(0, 65535), help="Console and API; 0 chooses a free one.")
@click.option("--mqtt-port", type=click.IntRange(1, 65535), help="The broker's port.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    envvar="COLLECTOR_PASSWORD_FILE",
    help="Sets the password of the user `operator` instead of making one up on the first start.",
)
def serve(config_file: Path | None, password_file: Path | None, **options: Any) -> int:
    """Run the collector until it is stopped."""
    import asyncio

    from collector import app
    from collector.config import with_options

    config = with_options(config_file, **options)
    return asyncio.run(app.serve(config, _password(password_file) if password_file else None, _say))


@cli.group("config")
def config_group() -> None:
    """The configuration file."""


@config_group.command("check", epilog="Example:  collector config check collector.toml")
@click.argument("file", type=click.Path(path_type=Path))
def config_check(file: Path) -> None:
    """Say whether FILE is a valid configuration."""
    from collector.config import load

    load(file)
    click.echo(f"{file}: good")


@cli.group()
def alerts() -> None:
    """Alerts: what stands open, and what happens."""


@alerts.command("tail", epilog="Example:  collector alerts tail --lang vi --since 0")
@api_options
@as_json
@language
@click.option("--since", type=int, help="Begin after this change; 0 tells everything. Default: what happens from now on.")
def alerts_tail(url: str, token_file: Path, as_json: bool, lang: str, since: int | None) -> None:
    """Print alerts as they change; survives a restart of the collector without a gap."""
    import json

    _end_at_once_on_ctrl_c()
    for event in _api(url, token_file).alert_stream(since):
        click.echo(event.data if as_json else lines.alert(json.loads(event.data), lang))


@alerts.command("list", epilog="Example:  collector alerts list --state open --json")
@api_options
@as_json
@language
@click.option("--state", type=click.Choice(["open", "closed", "all"]), default="all", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def alerts_list(url: str, token_file: Path, as_json: bool, lang: str, state: str, limit: int) -> None:
    """Print the alerts, the one that changed last first."""
    for alert in _api(url, token_file).get("/api/v1/alerts", state=state, limit=limit)["alerts"]:
        _print(alert, lines.alert(alert, lang), as_json)


@cli.group()
def events() -> None:
    """Events, as the devices sent them."""


@events.command("tail", epilog="Example:  collector events tail --class state --json")
@api_options
@as_json
@event_filters
def events_tail(url: str, token_file: Path, as_json: bool, event_class: str | None, device: str | None) -> None:
    """Print events as they are stored."""
    _end_at_once_on_ctrl_c()
    api = _api(url, token_file)
    after = api.get("/api/v1/summary")["newest_event"]
    while True:
        page = api.get("/api/v1/events", after=after, device=device, **{"class": event_class})
        for event in page["events"]:
            _print(event, lines.event(event), as_json)
        after = page["next"]
        if not page["events"]:
            time.sleep(1)


@events.command("list", epilog="Example:  collector events list --after 0 --limit 1000 --json")
@api_options
@as_json
@event_filters
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Number of the last event seen.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def events_list(
    url: str, token_file: Path, as_json: bool, event_class: str | None, device: str | None, after: int, limit: int
) -> None:
    """Print stored events in the order of their commits."""
    query = {"class": event_class, "device": device, "after": after, "limit": limit}
    for event in _api(url, token_file).get("/api/v1/events", **query)["events"]:
        _print(event, lines.event(event), as_json)


@cli.command(epilog="Example:  collector devices --json")
@api_options
@as_json
def devices(url: str, token_file: Path, as_json: bool) -> None:
    """Print the devices, and what is missing of each."""
    for device in _api(url, token_file).get("/api/v1/devices")["devices"]:
        _print(device, lines.device(device), as_json)


@cli.group("dead-letters")
def dead_letters() -> None:
    """Messages that could not be stored as events."""


@dead_letters.command("list", epilog="Example:  collector dead-letters list --limit 20")
@api_options
@as_json
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
def dead_letters_list(url: str, token_file: Path, as_json: bool, limit: int) -> None:
    """Print the dead letters, the newest first."""
    for letter in _api(url, token_file).get("/api/v1/dead-letters", limit=limit)["dead_letters"]:
        _print(letter, lines.dead_letter(letter), as_json)


@cli.group()
def users() -> None:
    """Who may log in to the console."""


@users.command("password", epilog="Example:  collector users password operator --data-dir var/collector")
@click.argument("name")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path(DEFAULT_DATA_DIR), show_default=True)
@click.password_option(help="Asked for when not given.")
def users_password(name: str, data_dir: Path, password: str) -> None:
    """Add the user NAME or change the password; ends that user's sessions."""
    from collector.store.accounts import ACCOUNTS, Accounts

    if not data_dir.is_dir():
        raise WrongUse(f"--data-dir {data_dir}: no such folder; `collector serve` makes it")
    Accounts(data_dir / ACCOUNTS).set_password(name, password)
    click.echo(f"{name}: password set")


def _password(file: Path) -> str:
    try:
        password = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WrongUse(f"--password-file {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WrongUse(f"--password-file {file}: is not UTF-8 text; write the password into it") from error
    if not password:
        raise WrongUse(f"--password-file {file}: is empty; write the password into it")
    return password


def _say(line: str) -> None:
    """A line for whoever listens; that nobody does, or the log's disk is full, is no reason to stop."""
    try:
        click.echo(line)
    except BrokenPipeError:  # what is still buffered would fail again at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        pass


def _api(url: str, token_file: Path) -> "Api":
    from collector.client import Api

    try:
        token = token_file.read_text().strip()
    except OSError as error:
        raise WrongUse(f"--token-file {token_file}: {error.strerror}; `collector serve` writes one") from error
    if not re.fullmatch(r"[\w.~+/=-]{1,512}", token, re.ASCII):
        raise WrongUse(f"--token-file {token_file}: holds no token; `collector serve` writes one")
    return Api(url, token)


def _end_at_once_on_ctrl_c() -> None:
    """For a tail, which has nothing to tidy up: the usual exception is lost when it strikes in a finaliser."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))


def _print(item: dict[str, Any], line: str, as_json: bool) -> None:
    import json

    click.echo(json.dumps(item, ensure_ascii=False) if as_json else line)
