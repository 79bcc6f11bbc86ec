"""A data folder made from a backup: all of it, checked, or nothing."""

import hashlib
import os
import shutil
import sqlite3
import tarfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from collector.files import sync_folder
from collector.store.backups.archive import (
    DATABASE_SUFFIX,
    LONGEST_MANIFEST_BYTES,
    MANIFEST,
    BackupError,
    File,
    Manifest,
    Progress,
    chunks,
    read_manifest,
)
from collector.store.engines.migrations import migrate

STAGING = "restoring"
ALLOWED = {"lock"}  # of whoever restores


def check_empty(data_dir: Path) -> None:
    """Raises BackupError for a folder that holds anything."""
    if data_dir.exists() and (found := sorted(path.name for path in data_dir.iterdir() if path.name not in ALLOWED)):
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise BackupError(f"{data_dir}: holds {found[0]}{more}; move it away, or restore into another folder")


def restore(archive: Path, data_dir: Path, progress: Progress) -> Manifest:
    """Fill the empty folder, which the caller holds. Raises BackupError; then the folder is as empty as before."""
    staging = data_dir / STAGING
    try:
        staging.mkdir(mode=0o700)
        manifest = _unpack(archive, staging, progress)
        for file in manifest.files:
            if file.name.endswith(DATABASE_SUFFIX):
                progress(f"check {file.name}", 0, 1)
                _check(archive, staging / file.name, file.name)
                progress(f"check {file.name}", 1, 1)
        for name in sorted({file.name.split("/")[0] for file in manifest.files}):
            (staging / name).rename(data_dir / name)
    except OSError as error:
        raise BackupError(f"{error.filename or archive}: {error.strerror or error}; nothing was restored") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BackupError(f"{archive}: {error}; it is damaged, or no backup") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    sync_folder(data_dir)
    return manifest


def _unpack(archive: Path, staging: Path, progress: Progress) -> Manifest:
    with tarfile.open(archive, "r|*") as tar:
        manifest = _manifest_of(tar, archive)
        total = sum(file.bytes for file in manifest.files)
        done = 0
        for file in manifest.files:
            member = tar.next()
            source = tar.extractfile(member) if member is not None and member.name == file.name and member.isreg() else None
            if source is None:
                raise BackupError(f"{archive}: {file.name} is missing; the backup is cut off or was changed, take another one")
            _write(source, staging / file.name, file, archive)
            done += file.bytes
            progress("unpack", done, total)
    return manifest


def _manifest_of(tar: tarfile.TarFile, archive: Path) -> Manifest:
    member = tar.next()
    source = tar.extractfile(member) if member is not None and member.name == MANIFEST and member.isreg() else None
    if source is None:
        raise BackupError(f"{archive}: has no {MANIFEST}; it is no backup of a collector")
    return read_manifest(source.read(LONGEST_MANIFEST_BYTES), archive)


def _write(source: IO[bytes], target: Path, file: File, archive: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        for chunk in chunks(source):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if digest.hexdigest() != file.sha256:
        raise BackupError(f"{archive}: {file.name} is not what was saved (its SHA-256 differs); take another backup")


def _check(archive: Path, database: Path, name: str) -> None:
    """Whole, and not of a newer version than this one, which could not read it."""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?immutable=1", uri=True)) as db:
            [(found,), *_] = db.execute("PRAGMA integrity_check(1)").fetchall()
            steps = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
            applied = {step for (step,) in db.execute(steps, (migrate.name,))}
    except sqlite3.Error as error:
        raise BackupError(f"{archive}: {name}: {error}; take another backup") from error
    if found != "ok":
        raise BackupError(f"{archive}: {name}: {found.splitlines()[0]}; take another backup")
    if unknown := applied - _known_steps():
        raise BackupError(f"{archive}: {name} was written by a newer version ({sorted(unknown)[0]}); install that one first")


def _known_steps() -> set[str]:
    with closing(sqlite3.connect(":memory:")) as db:
        migrate.apply(Database(db))
        return {step for (step,) in db.execute("SELECT name FROM _sqlite_migrations")}
