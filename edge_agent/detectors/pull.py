"""Fetch a model's file from where its makers publish it, or from a mirror, and keep it only if its SHA-256 is right."""

import http.client
import os
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

from edge_agent.detectors.catalogue import ModelEntry, ModelError, sha256_of

CHUNK_BYTES = 256 * 1024
SILENCE_S = 30.0
Progress = Callable[[int, int], None]


def pull(entry: ModelEntry, source: str | None, into: Path, progress: Progress = lambda done, total: None) -> Path:
    """Put the model's file into a folder and return its path; a file that is there and right stays.

    `source` is a mirror folder, a file, or a URL of either; None means where its makers publish it.
    `progress` hears of bytes done and bytes in all. Raises ModelError; nothing half or wrong is left behind.
    """
    source = source or entry.url
    if source is None:
        raise ModelError(f"model {entry.name}: nobody publishes it; name a mirror with --from DIR|URL")
    target = into / entry.file
    if target.is_file() and sha256_of(target) == entry.sha256:
        progress(entry.bytes, entry.bytes)
        return target
    try:
        into.mkdir(parents=True, exist_ok=True)
        with closing(_open(entry, source)) as stream, tempfile.NamedTemporaryFile(dir=into, delete=False) as kept:
            try:
                _copy(_chunks(stream), kept, entry, progress)
                _check(Path(kept.name), entry, source)
                Path(kept.name).replace(target)
            finally:
                Path(kept.name).unlink(missing_ok=True)
        _flush_folder(into)
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise ModelError(f"model {entry.name}: {source}: {reason}; check the address, or use a mirror folder") from None
    return target


def _open(entry: ModelEntry, source: str) -> IO[bytes]:
    if source.startswith(("https://", "http://")):
        address = source if source.endswith(".onnx") else f"{source.rstrip('/')}/{entry.file}"
        stream: IO[bytes] = urllib.request.urlopen(address, timeout=SILENCE_S)  # noqa: S310 - http or https, checked above
        return stream
    path = Path(source)
    return (_in_mirror(path, entry) if path.is_dir() else path).open("rb")


def _in_mirror(folder: Path, entry: ModelEntry) -> Path:
    """The file in a mirror folder, whatever it is called there: what counts is its SHA-256."""
    for path in sorted(folder.glob("*.onnx")):
        if path.stat().st_size == entry.bytes and sha256_of(path) == entry.sha256:
            return path
    raise ModelError(f"model {entry.name}: no .onnx file in {folder} has SHA-256 {entry.sha256}; use another mirror")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _copy(chunks: Iterator[bytes], kept: IO[bytes], entry: ModelEntry, progress: Progress) -> None:
    done = 0
    for chunk in chunks:
        done += len(chunk)
        if done > entry.bytes:  # a wrong address may never end
            raise ModelError(f"model {entry.name}: got more than its {entry.bytes} bytes; this is another file")
        kept.write(chunk)
        progress(done, entry.bytes)
    kept.flush()
    os.fsync(kept.fileno())


def _check(path: Path, entry: ModelEntry, source: str) -> None:
    found = sha256_of(path)
    if found != entry.sha256:
        raise ModelError(
            f"model {entry.name}: {source} gave SHA-256 {found}, expected {entry.sha256}; nothing was kept, "
            "use another mirror"
        )
    path.chmod(0o644)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
