"""`edge-agent analyse CLIP --scene SCENE`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_agent.cli.options import PathType, detector_config, detector_options, progress_bar
from event_contract.kinds import CAMERA_FAULTS, INCIDENT_KINDS

if TYPE_CHECKING:
    from edge_agent.app.analyse import Analysis
    from edge_agent.core.types import IncidentReport

EXAMPLES = """\b
Examples:
  edge-agent analyse road.mp4 --scene north.json
  edge-agent analyse road.mp4 --scene north.json --out events.jsonl --annotate seen.mp4
  edge-agent analyse road.mp4 --scene north.json --reverse --json
"""


@click.command("analyse", epilog=EXAMPLES)
@click.argument("clip", type=PathType)
@click.option("--scene", required=True, type=PathType, help="Scene file of the camera (JSON).")
@click.option("--out", type=PathType, help="Write the events as JSON Lines.")
@click.option("--annotate", type=PathType, help="Write a video with boxes, ids, speeds, lanes and incidents (.mp4).")
@click.option("--fps", type=click.FloatRange(0.1, 60), help="Look at so many frames a second; default: all.")
@click.option("--width", type=click.IntRange(160, 4096), default=960, show_default=True, help="Scale wider pictures down.")
@click.option("--reverse", is_flag=True, help="Play the clip backwards.")
@click.option("--start", default="1970-01-01T00:00:00Z", show_default=True, help="Time of the first frame (RFC 3339).")
@click.option("--shadow-model", help="A model on trial, by name or file: what the rules would tell with it, beside.")
@click.option("--gate", is_flag=True, help="Spare the detector while nothing moves, as `run` does; default: look at all.")
@detector_options
@click.option("--json", "as_json", is_flag=True, help="Print a summary for programs.")
def command(
    clip: Path, scene: Path, out: Path | None, annotate: Path | None, fps: float | None, width: int, reverse: bool,
    start: str, shadow_model: str | None, gate: bool, model: str, models_dir: Path | None, providers: tuple[str, ...],
    threads: int, as_json: bool,
) -> None:  # fmt: skip
    """Find the incidents in CLIP, as fast as this machine can, in the clip's own time."""
    from edge_agent.app.analyse import EVERY_FRAME, analyse
    from edge_agent.config import AttentionConfig

    with progress_bar(clip.name, None, as_json) as progress:
        found = analyse(
            clip, scene, detector=detector_config(model, models_dir, providers, threads),
            shadow_model=None if shadow_model is None else detector_config(shadow_model, models_dir, providers, threads),
            attention=AttentionConfig() if gate else EVERY_FRAME, fps=fps, width=width, reverse=reverse, out=out,
            annotate=annotate, start_s=_unix_s(start), progress=progress,
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(_summary(found)))
        return
    for report in found.incidents:
        kind = INCIDENT_KINDS[report.kind]
        lane = f" lane {report.lane}" if report.lane else ""
        reason = CAMERA_FAULTS.get(str(report.detail.get("reason")))
        why = f": {reason.en}" if reason else ""
        click.echo(f"{report.updated_s:8.2f} s  {report.severity:8}  {report.phase:6}  #{report.number} {kind.en}{lane}{why}")
    begun = sum(report.phase == "new" for report in found.incidents)
    tried = sum(report.phase == "new" for report in found.shadows)
    beside = f", and {tried} of what is on trial" if tried else ""
    click.echo(f"{found.frames} frames, {found.duration_s:.1f} s: {begun} incidents{beside}")
    if gate:
        click.echo(f"the detector looked at {found.looks} of them")
    for path in (out, annotate):
        if path is not None:
            click.echo(f"written: {path}")


def _unix_s(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time; expected RFC 3339 as in 2026-03-02T00:15:00Z") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _summary(found: "Analysis") -> dict[str, Any]:
    return {
        "frames": found.frames,
        "looks": found.looks,
        "duration_s": round(found.duration_s, 3),
        "incidents": [_incident(one) for one in found.incidents],
        "shadow": [{**_incident(one), "shadow": one.shadow} for one in found.shadows],
        "lines": [
            {"camera": minute.camera, "from_s": round(minute.from_s, 3), "line": line.line, "forward": line.forward,
             "backward": line.backward}
            for minute in found.minutes for line in minute.lines
        ],
    }  # fmt: skip


def _incident(one: "IncidentReport") -> dict[str, Any]:
    return {
        "number": one.number, "kind": one.kind, "phase": one.phase, "lane": one.lane, "severity": one.severity,
        "at_s": round(one.updated_s, 3), "started_s": round(one.started_s, 3), "confidence": one.confidence,
        "detail": one.detail,
    }  # fmt: skip
