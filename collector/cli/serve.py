"""`collector serve`."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from collector.cli.options import DEFAULT_DATA_DIR
from collector.core.errors import WrongUse


@click.command("serve", epilog="Example:  collector serve --embedded-broker --data-dir var/collector")
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
@click.option("--log-json", is_flag=True, help="Each line that is said as a JSON document, for a log collector.")
def command(config_file: Path | None, password_file: Path | None, log_json: bool, **options: Any) -> int:
    """Run the collector until it is stopped."""
    import asyncio

    from collector.app.serving import serve
    from collector.config import with_options

    config = with_options(config_file, **options)
    if log_json:
        from collector.logs import log_as_json

        log_as_json(_say)
    say = _say_as_json if log_json else _say
    return asyncio.run(serve(config, _password(password_file) if password_file else None, say))


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


def _say_as_json(line: str) -> None:
    from collector.logs import document

    _say(document("info", "collector", line))


def _say(line: str) -> None:
    """A line for whoever listens; that nobody does, or the log's disk is full, is no reason to stop."""
    try:
        click.echo(line)
    except BrokenPipeError:  # what is still buffered would fail again at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        pass
