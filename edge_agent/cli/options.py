"""Options that several commands share, and how progress is drawn."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from edge_agent.config import DetectorConfig

PathType = click.Path(path_type=Path)


def detector_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--model, --models-dir, --provider, --threads."""
    options: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
        click.option("--threads", type=click.IntRange(0, 64), default=0, help="Threads of the detector; 0: all cores."),
        click.option("--provider", "providers", multiple=True, default=("cpu",), show_default=True,
                     help="Where the detector runs, in order of preference: cpu, cuda, tensorrt, openvino."),
        click.option("--models-dir", type=PathType, help="Folder with models of your own."),
        click.option("--model", default=DetectorConfig().model, show_default=True, help="Model by name, or an ONNX file."),
    )  # fmt: skip
    for option in options:
        command = option(command)
    return command


def detector_config(model: str, models_dir: Path | None, providers: tuple[str, ...], threads: int) -> DetectorConfig:
    return DetectorConfig(
        model=model, models_dir=None if models_dir is None else str(models_dir), providers=providers, threads=threads
    )


@contextmanager
def progress_bar(what: str, total: int | None, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error for a terminal, nothing elsewhere. Yields `update(done, total)`."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, expected: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(what, total=total)
        yield lambda done, expected: bar.update(task, completed=done, total=expected)
