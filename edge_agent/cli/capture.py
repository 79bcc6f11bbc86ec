"""`edge-agent capture`: a situation in the field, as a scene folder."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from edge_agent.cli.options import PathType, detector_config, detector_options, progress_bar
from event_contract.kinds import INCIDENT_KINDS

if TYPE_CHECKING:
    from edge_agent.app.capture import Captured

LONGEST_S, USUAL_S = 3600, 60.0
OF_A_CLIP = ("scene", "from_s", "fps", "width", "model", "models_dir", "providers", "threads")
OF_A_SITE = ("camera", "last_s")

EXAMPLES = """\b
Examples:
  edge-agent capture --config site.toml --camera north --seconds 60
  edge-agent capture --config site.toml --camera north --last 120 --out queue-missed
  edge-agent capture road.mp4 --scene north.json --from 30 --seconds 20 --pixels --out stop
  edge-agent evaluate stop --list
"""


@click.command("capture", epilog=EXAMPLES)
@click.argument("clip", type=PathType, required=False)
@click.option("--scene", type=PathType, help="Scene file of the clip's camera (JSON).")
@click.option("--config", "file", type=PathType, help="The site's configuration (TOML), for a camera of it.")
@click.option("--camera", help="The camera's name; may be left out where the site has one.")
@click.option("--seconds", type=click.FloatRange(0.1, LONGEST_S), help="For so long; default: 60, or the whole clip.")
@click.option("--last", "last_s", type=click.FloatRange(1, LONGEST_S),
              help="What the running agent saw in the last so many seconds; it keeps five minutes, without pixels.")
@click.option("--out", type=PathType, help="The new folder; default: the camera's name and the time.")
@click.option("--pixels", is_flag=True, help="Keep the pictures too (clip.avi), private masks painted in.")
@click.option("--believe", is_flag=True, help="Put what the rules tell into truth.json as true.")
@click.option("--from", "from_s", type=click.FloatRange(0), default=0.0, help="Begin so many seconds into the clip.")
@click.option("--fps", type=click.FloatRange(0.1, 60), help="Look at so many frames of the clip a second; default: all.")
@click.option("--width", type=click.IntRange(160, 4096), default=960, show_default=True, help="Scale wider pictures down.")
@detector_options
@click.option("--json", "as_json", is_flag=True, help="Print a summary for programs.")
@click.pass_context
def command(
    context: click.Context, clip: Path | None, scene: Path | None, file: Path | None, camera: str | None,
    seconds: float | None, last_s: float | None, out: Path | None, pixels: bool, believe: bool, from_s: float,
    fps: float | None, width: int, model: str, models_dir: Path | None, providers: tuple[str, ...], threads: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Keep a situation as a scene folder: what was detected, frame by frame, for `edge-agent evaluate`.

    From CLIP, from a camera of the site, or from what the running agent saw last. Pictures are left out unless --pixels. Ctrl-C
    ends it early and keeps what was seen.
    """
    from edge_agent.app.capture import capture, check_vacant
    from edge_agent.app.situations import of_agent, of_camera, of_clip
    from edge_agent.config import load_config

    _check_use(context, clip, scene, file)
    if out is not None:
        check_vacant(out)
    if clip is not None and scene is not None:
        detector = detector_config(model, models_dir, providers, threads)
        situation = of_clip(clip, scene, detector, from_s=from_s, seconds=seconds, fps=fps, width=width)
    elif file is not None and last_s is not None:
        situation = of_agent(load_config(file), file, camera, last_s)
    elif file is not None:
        situation = of_camera(load_config(file), file, camera, seconds or USUAL_S)
    folder = out or Path(f"{situation.origin.camera}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    with progress_bar(f"camera {situation.origin.camera}", situation.expected, as_json) as progress:
        captured = capture(folder, situation, pixels=pixels, believe=believe, progress=progress)
    click.echo(json.dumps(_summary(captured)) if as_json else _in_words(captured, believe))
    if captured.cut_short is not None:
        raise captured.cut_short


def _check_use(context: click.Context, clip: Path | None, scene: Path | None, file: Path | None) -> None:
    """A clip with its scene, or a site's camera; nothing is asked for that the one or the other does not have."""
    if (clip is None) == (file is None):
        raise click.UsageError("expected a clip with --scene, or --config")
    if clip is not None and scene is None:
        raise click.UsageError("--scene: is missing; name the scene file of the clip's camera")
    options = {option.name: option.opts[0] for option in context.command.params if isinstance(option, click.Option)}
    given = [name for name in options if context.get_parameter_source(str(name)) is ParameterSource.COMMANDLINE]
    strange = OF_A_SITE if clip is not None else OF_A_CLIP
    if context.params["last_s"] is not None:
        strange = (*strange, "seconds", "pixels")
    for name in given:
        if name in strange:
            whose = "a camera of --config" if clip is not None else "a clip" if name in OF_A_CLIP else "what comes, not --last"
            raise click.UsageError(f"{options[name]}: is for {whose}")


def _in_words(captured: "Captured", believe: bool) -> str:
    """What is there, and what to do with it."""
    from edge_agent.app.truth_draft import incident_document

    lines = [f"{captured.frames} frames, {captured.duration_s:.1f} s"]
    for one in captured.told:
        lane = f" lane {one.lane}" if one.lane else ""
        lines.append(f"the rules tell: {INCIDENT_KINDS[one.kind].en}{lane}, {one.start_s:.1f} s to {one.end_s:.1f} s")
        if not believe:
            lines.append(f"  where that is true: {json.dumps(incident_document(one))}")
    if not captured.told:
        lines.append("the rules tell nothing")
    return "\n".join((*lines, f"written: {captured.folder}", f"say in {captured.folder / 'truth.json'} what really happened"))


def _summary(captured: "Captured") -> dict[str, Any]:
    from edge_agent.app.truth_draft import incident_document

    return {
        "folder": str(captured.folder), "frames": captured.frames, "duration_s": captured.duration_s,
        "told": [incident_document(one) for one in captured.told], "complete": captured.cut_short is None,
    }  # fmt: skip
