"""What the commands that ask a running collector have in common besides their options."""

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from collector.core.errors import WrongUse

if TYPE_CHECKING:
    from collector.client import Api


def open_api(url: str, token_file: Path) -> "Api":
    """The API at this address, with the token of this file. Raises WrongUse."""
    from collector.client import Api

    try:
        token = token_file.read_text().strip()
    except OSError as error:
        raise WrongUse(f"--token-file {token_file}: {error.strerror}; `collector serve` writes one") from error
    if not re.fullmatch(r"[\w.~+/=-]{1,512}", token, re.ASCII):
        raise WrongUse(f"--token-file {token_file}: holds no token; `collector serve` writes one")
    return Api(url, token)


def show(item: dict[str, Any], line: str, as_json: bool) -> None:
    import json

    click.echo(json.dumps(item, ensure_ascii=False) if as_json else line)


def end_at_once_on_ctrl_c() -> None:
    """For a tail, which has nothing to tidy up: the usual exception is lost when it strikes in a finaliser."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
