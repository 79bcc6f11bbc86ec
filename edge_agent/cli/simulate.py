"""`edge-agent simulate`."""

from pathlib import Path

import click
from msgspec.structs import replace

from edge_agent.cli.options import PathType, progress_bar

EXAMPLES = """\b
Examples:
  edge-agent simulate quy_nhon --out scenes/junction --seconds 120
  edge-agent simulate motorway --out scenes/fast --detections nanodet-g-416
  edge-agent simulate road.toml --out scenes/mine --seed 7
  edge-agent evaluate scenes/
  edge-agent analyse scenes/junction/simulation.toml --scene scenes/junction/scene.json --annotate seen.mp4
"""


@click.command("simulate", epilog=EXAMPLES)
@click.argument("plan")
@click.option("--out", required=True, type=PathType, help="The scene folder to write: new, empty, or of the same plan.")
@click.option("--seed", type=click.IntRange(0, 2**53), help="Other traffic of the same kind; default: the plan's own.")
@click.option("--seconds", type=click.FloatRange(1, 86_400), help="How long; default: the plan's own duration.")
@click.option("--detections", metavar="MODEL", help="Write detections.txt too, as a model of this detector sees it.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(plan: str, out: Path, seed: int | None, seconds: float | None, detections: str | None, quiet: bool) -> None:
    """Play PLAN, a simulation.toml or the name of a preset, and write its scene folder with the truth."""
    from edge_agent.app.simulate import write_folder
    from edge_agent.simulation.presets import load

    chosen = load(plan)
    if seed is not None:
        chosen = replace(chosen, seed=seed)
    if seconds is not None:
        chosen = replace(chosen, duration_s=seconds)
    with progress_bar(chosen.name, None, quiet) as progress:
        write_folder(chosen, out, detections, progress=progress)
    click.echo(f"written: {out}")
