"""Small files of /sys and /proc, read without surprises: a sensor that is asleep or missing tells nothing."""

from pathlib import Path

LONGEST = 4096


def read_text(path: Path) -> str | None:
    """Without white space and zero bytes around it; None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LONGEST).decode("utf-8", "replace").strip("\0 \n\t")
    except OSError:
        return None


def read_number(path: Path, base: int = 10) -> int | None:
    text = read_text(path)
    try:
        return None if text is None else int(text, base)
    except ValueError:
        return None
