"""What a backup is: a tar file whose first member, `manifest.json`, names the others with their sizes and digests."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from collector.core.errors import Told

FORMAT = 1
MANIFEST = "manifest.json"
LONGEST_MANIFEST_BYTES = 1_000_000
CHUNK_BYTES = 1 << 20
DATABASE_SUFFIX = ".sqlite"

Progress = Callable[[str, int, int], None]  # what is being done, and how far: done, of all


class BackupError(Told):
    """What is wrong with the backup or the folder, with the next step."""


class File(Struct, frozen=True):
    """`rows` by table, of a database."""

    name: str
    bytes: int
    sha256: str
    rows: dict[str, int] = {}


class Manifest(Struct, frozen=True):
    made_at: str
    software: str
    files: tuple[File, ...]
    newest_event_at: str | None = None
    format: int = FORMAT


def read_manifest(text: bytes, archive: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{archive}: {MANIFEST}: {error}; it is no backup of a collector") from error
    if manifest.format != FORMAT:
        raise BackupError(f"{archive}: format {manifest.format}, expected {FORMAT}; install kerbwatch {manifest.software}")
    for file in manifest.files:
        if any(part in ("", ".", "..") or "\0" in part for part in file.name.split("/")):
            raise BackupError(f"{archive}: {file.name[:80]!r} is no file of a data folder; it is no backup of a collector")
    return manifest


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
