"""The folder that a drill works in: what an interrupted one had reached, so that `--resume` can go on from it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from edge_agent.core.failure import WrongInput

NOTES = "drill.json"


class State:
    """A folder and the notes in it: the options of its run, seed included, under `options`; the rest is the drill's own."""

    def __init__(self, folder: Path, notes: dict[str, Any]) -> None:
        self.folder = folder
        self.notes = notes

    def save(self, **news: Any) -> None:
        """The notes before or after, also when killed in between."""
        self.notes |= news
        draft = self.folder / f"{NOTES}.new"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(self.notes, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / NOTES)


def begin(folder: Path, options: dict[str, Any]) -> State:
    """An empty folder for a new run; an earlier drill's is cleared. Raises WrongInput for a folder of anything else."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / NOTES).is_file():
            raise WrongInput(f"{folder}: not empty and not a drill's; name another with --state")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = State(folder, {})
    state.save(options=options)
    return state


def resume(folder: Path) -> State:
    """Raises WrongInput where no drill was interrupted."""
    try:
        return State(folder, json.loads((folder / NOTES).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise WrongInput(f"{folder}: no interrupted drill to go on with ({error}); start one without --resume") from None
