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
            _flush(path.parent)
        elif not filecmp.cmp(draft, path, shallow=False):
            raise FileExistsError(errno.EEXIST, "holds something else", str(path))
    finally:
        draft.unlink(missing_ok=True)


def write_secret(file: Path, content: bytes) -> None:
    """Whole or not at all, and for its owner alone, its folder too: who owns what is around it, where root writes it for him.
    Raises OSError."""
    if not file.parent.exists():
        file.parent.mkdir(mode=0o700)
        _hand_over(file.parent)
    with whole_file(file) as draft:
        os.fchmod(draft.fileno(), 0o600)
        draft.write(content)
    _hand_over(file)


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


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
