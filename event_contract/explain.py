"""Says in words where a document breaks its Struct: `cameras[0].fps: expected <= 30, got 300`."""

import re
from typing import Any

import msgspec

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+|\.\.\.)\]")


def validate(document: Any, type_: type[msgspec.Struct] | Any, *, strict: bool = True) -> Any:
    """`msgspec.convert`, but the ValueError it raises names the place with its index, what was expected and what it got."""
    try:
        return msgspec.convert(document, type_, strict=strict)
    except msgspec.ValidationError as error:
        raise ValueError(_explain(document, type_, str(error))) from None


def _explain(document: Any, type_: Any, message: str) -> str:
    what, _, path = message.partition(" - at `$")
    steps: list[str | int] = []
    for name, index in _STEP.findall(path.rstrip("`")):
        steps.append(name or (_failing_index(document, type_, message, steps) if index == "..." else int(index)))
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    unknown = re.search(r"unknown field `(.*)`", what)
    if unknown:
        what = f"unknown key {unknown[1]!r}"
    else:
        what = f"{what[:1].lower()}{what[1:]}".replace("`", "")
        value = _at(document, steps)
        if isinstance(value, bool | int | float | str) and ", got " not in what and "missing" not in what:
            what = f"{what}, got {str(value)[:80]!r}" if isinstance(value, str) else f"{what}, got {value}"
    return f"{place}: {what}" if place else what


def _failing_index(document: Any, type_: Any, message: str, steps: list[str | int]) -> int:
    """msgspec hides the index of a failing item; keep one item at a time and see which repeats the message."""
    items = _at(document, steps)
    for index, item in enumerate(items if isinstance(items, list | tuple) else ()):
        try:
            msgspec.convert(_with(document, steps, [item]), type_)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return index
    return 0


def _at(document: Any, steps: list[str | int]) -> Any:
    for step in steps:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _with(document: Any, steps: list[str | int], value: Any) -> Any:
    """A copy of the document in which the value stands at `steps`."""
    if not steps:
        return value
    copy = document.copy()
    copy[steps[0]] = _with(document[steps[0]], steps[1:], value)
    return copy
