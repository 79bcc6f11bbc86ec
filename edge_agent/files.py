"""Files and folders that are there whole or not at all, also after a power cut: temp, fsync, rename."""

import errno
import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path, *, replace: bool = True) -> Iterator[BinaryIO]:
    """What is written becomes `path` when the work has succeeded, else nothing stays of it. Raises OSError.

    Without `replace` a file of the same content is left as it is, and any other raises FileExistsError.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace or not path.exists():
            draft.replace(path)
        elif not filecmp.cmp(draft, path, shallow=False):
            raise FileExistsError(errno.EEXIST, "holds something else", str(path))
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A draft to put whole files into, which becomes `path` when the work has succeeded, else nothing stays of it.

    Never replaces anything but an empty folder: raises OSError.
    """
    draft = path.absolute().with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.mkdir()
    try:
        yield draft
        _flush(draft)
        draft.rename(path)
        _flush(draft.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _flush(folder: Path) -> None:
    """What is in the folder is there after a power cut, too."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
