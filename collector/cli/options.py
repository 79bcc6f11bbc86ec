"""Options that several commands share."""

from pathlib import Path
from typing import Any

import click

DEFAULT_DATA_DIR = "var/collector"


class Moment(click.ParamType):  # type: ignore[type-arg]
    """A date or a time, of this machine's zone unless it names one -> Unix seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from datetime import datetime

        if isinstance(value, float):
            return value
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError):
            self.fail(f"{value!r}: expected a date or a time such as 2026-03-02, 2026-03-02T07:00 or 2026-03-02T07:00+07:00")



as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document per line.")
language = click.option("--lang", type=click.Choice(["vi", "en"]), default="en", show_default=True, help="Of what is told.")


def api_options(command: Any) -> Any:
    """--url and --token-file, for the commands that ask a running collector."""
    address = "http://127.0.0.1:8088"
    url = click.option("--url", default=address, show_default=True, envvar="COLLECTOR_URL", help="Of the running collector.")
    token = click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        default=Path(DEFAULT_DATA_DIR) / "api-token",
        show_default=True,
        envvar="COLLECTOR_TOKEN_FILE",
        help="File with the API token; `collector serve` makes one in its data directory.",
    )
    return url(token(command))


def accounts_options(command: Any) -> Any:
    """For the commands that open users, tokens and the audit log themselves, whether a collector serves or not."""
    path = click.Path(path_type=Path)
    config = click.option("--config", type=path, help="The collector's configuration: where its [store] is PostgreSQL.")
    return data_dir_option(config(command))


def data_dir_option(command: Any) -> Any:
    path, default = click.Path(path_type=Path), Path(DEFAULT_DATA_DIR)
    return click.option("--data-dir", type=path, default=default, show_default=True, help="The collector's.")(command)


def span_options(command: Any) -> Any:
    """--from and --to, as Unix seconds or None."""
    first = click.option("--from", "first_s", type=Moment(), help="From this time on.")
    return first(click.option("--to", "before_s", type=Moment(), help="Before this time.")(command))


def page_limit(command: Any) -> Any:
    most = click.IntRange(1, 1000)
    return click.option("--limit", type=most, default=100, show_default=True, help="At most so many.")(command)
