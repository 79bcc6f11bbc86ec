"""Scene folders by chance, for `edge-agent evaluate`: roads, masts, weather, traffic and incidents of a seed.

Without --pixels each folder holds what a detector would have seen, from the model of it; with it evaluate paints the pictures.
"""

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from edge_agent.app.simulate import write_folder
from edge_agent.cli.options import progress_bar
from edge_agent.simulation.casting.cast import cast
from scripts.ending import end

EXAMPLES = """examples:
  ./scripts/suite --seed 7 --scenes 24 --out scenes --pixels     short scenes, looked at by the real detector
  ./scripts/suite --seed 7 --scenes 144 --out scenes             24 hours, as the model of the detector sees them
  .venv/bin/edge-agent evaluate scenes
"""
PIXEL_SECONDS, FAST_SECONDS = 120.0, 600.0


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    write = partial(
        write_scene, options.seed, options.out, options.seconds, options.light, None if options.pixels else options.detector,
        options.pixels or options.tracks,
    )  # fmt: skip
    with progress_bar("scenes", options.scenes, quiet=False) as progress:
        _each(write, options.scenes, options.jobs, progress)
    hours = options.scenes * options.seconds / 3600
    print(f"scenes={options.scenes} hours={hours:.2f} seed={options.seed} out={options.out}")
    return 0


def write_scene(seed: int, out: Path, seconds: float, light: str, detector: str | None, tracks: bool, number: int) -> None:
    """One folder. The model of a detector knows nothing of a camera's troubles, so none are staged for it."""
    plan = cast(seed, number, seconds, "day" if light == "day" else "any", camera_faults=detector is None)
    write_folder(plan, out / f"{number:04d}", detector, tracks)


def _each(write: Callable[[int], None], scenes: int, jobs: int, progress: Callable[[int, int | None], None]) -> None:
    """Numbers from 1 on, in processes of their own; the first failure ends it all."""
    with ProcessPoolExecutor(min(jobs, scenes), get_context("spawn")) as pool:
        written = [pool.submit(write, number) for number in range(1, scenes + 1)]
        try:
            for done, one in enumerate(as_completed(written), start=1):
                one.result()
                progress(done, scenes)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/suite", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, required=True, help="another seed, other scenes")
    parser.add_argument("--scenes", type=int, required=True, help="how many")
    parser.add_argument("--out", type=Path, required=True, help="folder for them; a new or an empty one")
    parser.add_argument("--pixels", action="store_true", help="for painted pictures and the real detector")
    parser.add_argument("--tracks", action="store_true", help="tracks.csv also without --pixels; about 100 MB an hour")
    parser.add_argument(
        "--seconds", type=float, help=f"of each scene; default {PIXEL_SECONDS:g} with --pixels, else {FAST_SECONDS:g}"
    )
    parser.add_argument("--detector", default="nanodet-g-416", help="whose model; default %(default)s")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: as many as there are cores")
    parser.add_argument("--light", choices=("day", "any"), default="any", help="only clear days, or any light and weather")
    options = parser.parse_args(arguments)
    if options.seconds is None:
        options.seconds = PIXEL_SECONDS if options.pixels else FAST_SECONDS
    if options.seed < 0 or options.scenes < 1 or options.jobs < 1 or not 1 <= options.seconds <= 86_400:
        parser.error("--scenes and --jobs must be at least 1, --seed at least 0, --seconds 1 to 86400")
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        parser.exit(2, f"suite: {options.out} is not an empty folder; name a new one\n")
    return options


if __name__ == "__main__":
    end("suite", main)
