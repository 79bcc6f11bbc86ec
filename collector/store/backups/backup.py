"""A backup of the data folder, made while the collector serves: databases as of one moment, and every secret.

It takes the room of the data folder twice for as long as it works, and nobody sees the file before it is whole.
"""

import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from collector import __version__
from collector.files import sync_folder
from collector.store.backups.archive import DATABASE_SUFFIX, MANIFEST, BackupError, File, Manifest, Progress, digest_of
from event_contract.times import format_time

LEFT_OUT = {"lock", "embedded-broker.toml"}  # made anew at every start
LEFT_OUT_SUFFIXES = ("-wal", "-shm", "-journal", ".new", ".still")  # a still must not outlive its time
PAGES_AT_ONCE = 4096


def make(data_dir: Path, out: Path, progress: Progress) -> Manifest:
    """Raises BackupError; `out` is there whole or not at all, and only its owner can read it."""
    if out.exists():
        raise BackupError(f"{out}: is there already; choose another name, or delete it first")
    names = sorted(_names(data_dir))
    if not names:
        raise BackupError(f"{data_dir}: holds nothing of a collector; name its data folder with --data-dir")
    with _beside(out) as staging:
        for name in names:
            _copy(data_dir / name, staging / name, name, progress)
        manifest = _manifest(staging, names)
        whole = staging / MANIFEST
        whole.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        draft = staging / "draft.tar"
        _pack(staging, (MANIFEST, *names), draft, progress)
        draft.replace(out)
    sync_folder(out.parent)
    return manifest


def _names(data_dir: Path) -> Iterator[str]:
    """All that a collector keeps, whatever later versions add: regular files, none that is made anew."""
    for path in data_dir.rglob("*"):
        kept = path.name not in LEFT_OUT and not path.name.endswith(LEFT_OUT_SUFFIXES)
        if kept and path.is_file() and not path.is_symlink():
            yield path.relative_to(data_dir).as_posix()


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A folder of our own on the same file system; what the disk or the database says is raised as BackupError."""
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as name:
            yield Path(name)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{out}: {getattr(error, 'strerror', None) or error}; nothing was written") from error


def _copy(source: Path, target: Path, name: str, progress: Progress) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == DATABASE_SUFFIX:
        _copy_database(source, target, lambda done, of: progress(f"copy {name}", done, of))
    else:
        shutil.copyfile(source, target)


def _copy_database(source: Path, target: Path, tell: Callable[[int, int], None]) -> None:
    """As of the moment of its beginning: the transaction that reads holds that state, whoever writes meanwhile."""
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)) as db,
        closing(sqlite3.connect(target)) as copy,
    ):
        copy.execute("PRAGMA synchronous = OFF")  # it is synchronised as a part of the archive
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        db.backup(copy, pages=PAGES_AT_ONCE, progress=lambda status, left, all_: tell(all_ - left, all_), sleep=0)


def _manifest(staging: Path, names: list[str]) -> Manifest:
    files = []
    newest: float | None = None
    for name in names:
        path, rows = staging / name, {}
        if path.suffix == DATABASE_SUFFIX:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as db:
                tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
                tables += " AND name NOT LIKE '~_%' ESCAPE '~'"
                rows = {table: _count(db, table) for (table,) in db.execute(tables).fetchall()}
                if "events" in rows:
                    last = db.execute("SELECT received_at FROM events ORDER BY n DESC LIMIT 1").fetchone()
                    newest = last[0] if last else None
        files.append(File(name, path.stat().st_size, digest_of(path), rows))
    return Manifest(format_time(time.time()), __version__, tuple(files), None if newest is None else format_time(newest))


def _count(db: sqlite3.Connection, table: str) -> int:
    count: int = db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - a name from the schema
    return count


def _pack(staging: Path, names: tuple[str, ...], draft: Path, progress: Progress) -> None:
    total = sum((staging / name).stat().st_size for name in names)
    done = 0
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name in names:
                tar.add(staging / name, arcname=name, filter=_anonymous)
                done += (staging / name).stat().st_size
                progress("pack", done, total)
                (staging / name).unlink()
        file.flush()
        os.fsync(file.fileno())


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
