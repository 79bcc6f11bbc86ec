"""Which detectors there are, where their files lie, and that a file is the one it says it is.

`models/manifest.toml` names them. A user's folder may hold more: files that were pulled, and a manifest of its own.
"""

import hashlib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from edge_agent import bundled
from edge_agent.core.failure import WrongInput
from edge_agent.core.types import CLASS_OF_COCO
from event_contract.explain import validate

MANIFEST = "manifest.toml"
COCO_CLASSES = 80
COCO = tuple(CLASS_OF_COCO.get(number, "") for number in range(COCO_CLASSES))
FamilyName = Literal["nanodet", "yolox", "yolov8"]
Side = Annotated[int, Meta(ge=32, le=4096, multiple_of=32)]


class ModelError(WrongInput):
    """A model that cannot be used. The message is one line: the thing, what is wrong with it, and the next step."""


class ModelEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of a manifest. `input` bounds width and height of what the network sees, in pixels.

    `classes` is "coco", or the road users' names in the order of the network's classes; any other name is ignored.
    `url` is where its makers publish the file; without one it ships with the manifest or comes from a mirror folder.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
    family: FamilyName
    file: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Meta(ge=1, le=2_000_000_000)]
    input: tuple[Side, Side]
    licence: str
    origin: str
    classes: Literal["coco"] | Annotated[tuple[str, ...], Meta(min_length=1)] = "coco"
    url: str | None = None
    scores: dict[str, float] = field(default_factory=dict)


class _Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[ModelEntry, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model file that is there and whole. `family` and `input` are None for a user's own file: its shapes tell them."""

    name: str
    path: Path
    sha256: str
    family: FamilyName | None = None
    input: tuple[int, int] | None = None
    classes: tuple[str, ...] = COCO


def user_folder() -> Path:
    """Where pulled models lie when nobody names a folder."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "kerbwatch" / "models"


def list_models(models_dir: Path | None = None) -> list[ModelEntry]:
    """Every known model, those of the user's own manifest first; of two with one name the user's counts."""
    entries: dict[str, ModelEntry] = {}
    for folder in _folders(models_dir):
        if (folder / MANIFEST).is_file():
            entries = {entry.name: entry for entry in _read_manifest(folder / MANIFEST)} | entries
    return list(entries.values())


def find_entry(name: str, models_dir: Path | None = None) -> ModelEntry:
    """The model with this name. Raises ModelError, which lists those that are known."""
    entries = list_models(models_dir)
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries)
    raise ModelError(f"model {name!r}: unknown; known are {known}; or name an .onnx file")


def locate(entry: ModelEntry, models_dir: Path | None = None) -> Path | None:
    """The model's file, whole or not; None where it has not been pulled yet."""
    candidates = (folder / entry.file for folder in _folders(models_dir))
    return next((path for path in candidates if path.is_file()), None)


def verify(entry: ModelEntry, models_dir: Path | None = None) -> Path:
    """The file of this model, proven by its SHA-256. Raises ModelError when it is missing or another one."""
    path = locate(entry, models_dir)
    if path is None:
        where = f"from {entry.url}" if entry.url else "from a folder or address that has it: --from DIR|URL"
        raise ModelError(f"model {entry.name}: not here yet; run `edge-agent models pull {entry.name}` ({where})")
    found = sha256_of(path)
    if found != entry.sha256:
        raise ModelError(
            f"model {entry.name}: {path} has SHA-256 {found}, expected {entry.sha256}; delete it and run "
            f"`edge-agent models pull {entry.name}`, or install this version again"
        )
    return path


def load_model(name_or_path: str | Path, models_dir: Path | None = None) -> Model:
    """A model by its name in a manifest, proven by its SHA-256, or a user's own ONNX file by its path."""
    path = Path(name_or_path)
    if path.suffix == ".onnx" or len(path.parts) > 1:
        if not path.is_file():
            raise ModelError(f"model {path}: there is no such file; give a path to an .onnx file or a known name")
        return Model(name=path.stem, path=path, sha256=sha256_of(path))
    entry = find_entry(str(name_or_path), models_dir)
    classes = COCO if entry.classes == "coco" else entry.classes
    return Model(entry.name, verify(entry, models_dir), entry.sha256, entry.family, entry.input, classes)


def sha256_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"model file {path}: cannot be read ({error.strerror}); check its permissions") from None


def _folders(models_dir: Path | None) -> tuple[Path, Path]:
    return (models_dir or user_folder(), bundled.folder("models"))


def _read_manifest(path: Path) -> tuple[ModelEntry, ...]:
    try:
        manifest: _Manifest = validate(tomllib.loads(path.read_text(encoding="utf-8")), _Manifest)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    except ValueError as error:  # TOML, UTF-8 or a field
        raise ModelError(f"{path}: {error}") from None
    return manifest.model
