"""`collector dead-letters`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from collector import lines
from collector.cli.asking import open_api, show
from collector.cli.options import api_options, as_json, page_limit, span_options
from collector.core.errors import WrongUse
from event_contract.times import format_time

if TYPE_CHECKING:
    from collector.client import Api

LETTERS = "/api/v1/dead-letters"
GONE = {"stored", "duplicate"}


def filters(command: Any) -> Any:
    device = click.option("--device", help="Of this device.")
    reason = click.option("--reason", help="Whose reason contains this.")
    return device(reason(span_options(command)))


def chosen(command: Any) -> Any:
    """Numbers, or --all of those that the filters leave."""
    every = click.option("--all", "every", is_flag=True, help="All, or all that the filters leave.")
    return click.argument("numbers", type=click.IntRange(1), nargs=-1)(every(filters(command)))


@click.group("dead-letters")
def command() -> None:
    """Messages that could not be stored as events."""


@command.command("list", epilog="Example:  collector dead-letters list --device qn-ntt-01 --reason kind --from 2026-03-01")
@api_options
@as_json
@filters
@page_limit
def list_(url: str, token_file: Path, as_json: bool, limit: int, **given: Any) -> None:
    """Print the dead letters, the newest first."""
    for letter in open_api(url, token_file).get(LETTERS, limit=limit, **_query(**given))["dead_letters"]:
        show(letter, lines.dead_letter(letter), as_json)


@command.command("show", epilog="Example:  collector dead-letters show 17")
@api_options
@as_json
@click.argument("number", type=click.IntRange(1))
def show_(url: str, token_file: Path, as_json: bool, number: int) -> None:
    """Print one with all that is kept of its payload."""
    letter = open_api(url, token_file).get(f"{LETTERS}/{number}")
    show(letter, lines.dead_letter_whole(letter), as_json)


@command.command("replay", epilog="Examples:  dead-letters replay 17  |  dead-letters replay --all --from 2026-03-01")
@api_options
@as_json
@chosen
def replay(url: str, token_file: Path, as_json: bool, numbers: tuple[int, ...], every: bool, **given: Any) -> int:
    """Read them again, and store those that are understood now; the others stay. Status 1 when any stays."""
    api = open_api(url, token_file)
    stays = 0
    for number in _numbers(api, numbers, every, given):
        replayed = api.post(f"{LETTERS}/{number}/replay")
        stays += replayed["outcome"] not in GONE
        show(replayed, lines.replayed(replayed), as_json)
    return 1 if stays else 0


@command.command("delete", epilog="Examples:  dead-letters delete 17 18  |  dead-letters delete --all --device qn-ntt-01")
@api_options
@as_json
@chosen
def delete(url: str, token_file: Path, as_json: bool, numbers: tuple[int, ...], every: bool, **given: Any) -> None:
    """Delete them for good; their numbers stay acknowledged."""
    api = open_api(url, token_file)
    for number in _numbers(api, numbers, every, given):
        show(api.delete(f"{LETTERS}/{number}"), f"{number:>8}  deleted", as_json)


def _query(device: str | None, reason: str | None, first_s: float | None, before_s: float | None) -> dict[str, str | None]:
    moments = {name: None if at is None else format_time(at) for name, at in (("from", first_s), ("to", before_s))}
    return {"device": device, "reason": reason, **moments}


def _numbers(api: "Api", numbers: tuple[int, ...], every: bool, given: dict[str, Any]) -> Iterator[int]:
    """The oldest first, so that what is stored of them is in order."""
    filtered = any(value is not None for value in given.values())
    if bool(numbers) == every or (numbers and filtered):
        raise WrongUse("name the letters by their numbers, or all of them with --all, which the filters narrow down")
    if numbers:
        yield from numbers
        return
    found: list[int] = []
    while page := api.get(LETTERS, limit=1000, before=found[-1] if found else None, **_query(**given))["dead_letters"]:
        found += [letter["n"] for letter in page]
    if not found:
        click.echo("no such dead letters", err=True)
    yield from reversed(found)
