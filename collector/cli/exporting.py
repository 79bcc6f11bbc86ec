"""Events of a span of time written to a file or to standard output, however many: what `collector events export` does."""

import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from collector.client import Api
from collector.core import sheet
from collector.core.errors import Told

PAGE = 1000
BOM = "\ufeff"  # by which Excel knows UTF-8

Json = dict[str, Any]
Tell = Callable[[int, int], None]  # up to which number was looked, of how many


def pages(api: Api, tell: Tell, **query: object) -> Iterator[list[Json]]:
    """The events that were stored when it began, a page at a time."""
    after, newest = 0, None
    while newest is None or after < newest:
        page = api.get("/api/v1/events", after=after, limit=PAGE, **query)
        if page.get("newest") is None:
            raise Told("the collector is of an older version, which cannot export; upgrade it")
        newest = page["newest"] if newest is None else newest
        yield [event for event in page["events"] if event["n"] <= newest]
        after = page["next"]
        tell(min(after, newest), newest)


def write_csv(found: Iterator[list[Json]], file: IO[str], *, bom: bool, local: bool) -> int:
    """The number of events. Lines end as RFC 4180 says; times are in UTC, or this machine's zone."""
    if bom:
        file.write(BOM)
    table = csv.writer(file)
    table.writerow(sheet.COLUMNS)
    count = 0
    for page in found:
        table.writerows(sheet.row(event, datetime.astimezone if local else None) for event in page)
        count += len(page)
    return count


def write_jsonl(found: Iterator[list[Json]], file: IO[str]) -> int:
    """The number of events; each is a line as the API tells it."""
    count = 0
    for page in found:
        file.writelines(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in page)
        count += len(page)
    return count


@contextmanager
def whole_file(path: Path | None) -> Iterator[IO[str]]:
    """The file there whole or not at all, readable by its owner; standard output without one."""
    if path is None:
        with suppress(AttributeError):
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        yield sys.stdout
        sys.stdout.flush()
        return
    draft = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            draft = file.name
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Told(f"--out {path}: {error.strerror}; choose another place") from error
    finally:
        if draft:
            Path(draft).unlink(missing_ok=True)

