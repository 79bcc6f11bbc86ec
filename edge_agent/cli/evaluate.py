"""`edge-agent evaluate DIR...`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_agent.cli.options import PathType, detector_config, detector_options, progress_bar
from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.scoring import KindScore, rounded, summary
from event_contract.kinds import INCIDENT_KINDS

if TYPE_CHECKING:
    from edge_agent.app.evaluate import Judged

MOST_PICTURES = 120  # in a report
AT_LEAST = ("recall", "precision", "inside_95", "hits", "truths", "scenes", "duration_s", "n")

EXAMPLES = """\b
Examples:
  edge-agent evaluate scenes/ --json
  edge-agent evaluate scenes/ --report evaluation.html
  edge-agent evaluate scenes/ --require recall=0.97,false_alarms=0,kind.wrong_way.recall=0.95
"""


@click.command("evaluate", epilog=EXAMPLES)
@click.argument("folders", nargs=-1, required=True, type=PathType)
@click.option("--require", default="", help="NAME=VALUE,...: exit 1 unless ratios are at least, and counts at most, so.")
@click.option("--jobs", type=click.IntRange(1, 64), default=os.cpu_count() or 1, show_default=True, help="Scenes at a time.")
@click.option("--report", type=PathType, help="Write figures, charts and a picture of every miss and false alarm (.html).")
@click.option("--shadow-model", help="A model on trial, by name or file: what the rules would tell with it; needs pixels.")
@click.option("--list", "listed", is_flag=True, help="Name every miss, false alarm and duplicate.")
@detector_options
@click.option("--json", "as_json", is_flag=True, help="Print the scores for programs.")
def command(
    folders: tuple[Path, ...], require: str, jobs: int, report: Path | None, shadow_model: str | None, listed: bool,
    model: str, models_dir: Path | None, providers: tuple[str, ...], threads: int, as_json: bool,
) -> None:  # fmt: skip
    """Judge scene folders, at or below each FOLDER, against their truth.

    A folder holds scene.json, truth.json, and one of detections.txt, clip.* and simulation.toml.
    """
    from edge_agent.app.evaluate import evaluate, find_folders

    if report is not None and not report.resolve().parent.is_dir():
        raise WrongInput(f"--report {report}: the folder {report.resolve().parent} does not exist")
    wanted = _requirements(require)
    for name, _ in wanted:  # a wrong name is told before the work, not after
        _figure(summary([]), name)
    found = find_folders(list(folders))
    done = 0

    with progress_bar("scenes", len(found), as_json) as update:

        def count(_: object) -> None:
            nonlocal done
            done += 1
            update(done, len(found))

        detector = detector_config(model, models_dir, providers, threads)
        tried = None if shadow_model is None else detector_config(shadow_model, models_dir, providers, threads)
        judged = evaluate(found, detector, jobs, count, tried)
    scores = summary([one.score for one in judged])
    if listed:
        for one in judged:
            for mark, score in (("", one.score), *((f"shadow {what} ", tried) for what, tried in one.score.shadow.items())):
                for verdict in score.verdicts:
                    click.echo(f"{one.folder}: {mark}{verdict.what} {verdict.kind} at {verdict.at_s:.1f} s", err=as_json)
    if report is not None:
        _report(report, judged, scores)
    click.echo(json.dumps(rounded(scores)) if as_json else _table(scores))
    failed = [text for text in (_unmet(scores, name, value) for name, value in wanted) if text]
    if failed:
        raise Failure("not reached: " + "; ".join(failed))


def _report(path: Path, judged: list["Judged"], scores: dict[str, Any]) -> None:
    from edge_agent.app.contact_sheet import Shot, shots
    from edge_agent.app.report import write_report

    wanted = sum(len(one.score.verdicts) for one in judged)
    pictures: list[Shot] = []
    left = MOST_PICTURES
    for one in judged:
        verdicts = one.score.verdicts[:left]
        left -= len(verdicts)
        if verdicts:
            pictures += shots(one.folder, verdicts)
    write_report(path, [one.score for one in judged], scores, pictures, wanted - len(pictures))


def _table(scores: dict[str, Any]) -> str:
    rows = [f"{'':25} truths   hits misses false  dup  recall precision  delay p50/p95 s"]
    rows += [_row(name, kind) for name, kind in [*scores["kinds"].items(), ("total", scores["total"])]]
    for what, block in (("shadow", scores["shadow"]), ("model", scores["shadow_model"])):
        for name, kind in block.items():
            more = kind["more"]
            rows.append(f"{_row(f'{what} {name}', kind)}   {more['hits']:+} hits, {more['false_alarms']:+} false alarms")
    per_day, counts, speeds = scores["false_alarms_per_camera_day"], scores["counts"], scores["speeds"]
    rows += [
        f"{scores['scenes']} scenes, {scores['duration_s'] / 3600:.2f} camera-hours (delays from the start of the incident)",
        f"false alarms per camera-day: {_number(per_day['estimate'])}, below {_number(per_day['upper_95'])} at 95 %",
    ]
    unseen = scores["total"]["unseen"]
    if unseen["truths"]:
        rows.append(f"beyond what the detector finds, and not asked: {unseen['truths']} truths, {unseen['hits']} of them told")
    if counts["truth"]:
        rows.append(f"counts: {counts['counted']} of {counts['truth']}, error {_number(counts['error'])}")
    if speeds["n"] or speeds["misses"]:
        rows.append(
            f"speeds: {speeds['n']} judged, {speeds['misses']} missed, MAE {_number(speeds['mae_kmh'])} km/h, "
            f"bias {_number(speeds['bias_kmh'])} km/h, inside 95 % interval {_number(speeds['inside_95'])}"
        )
    return "\n".join(rows)


def _row(name: str, kind: dict[str, Any]) -> str:
    delay = kind["delay_from_start_s"]
    return (
        f"{name:25} {kind['truths']:6} {kind['hits']:6} {kind['misses']:6} {kind['false_alarms']:5} {kind['duplicates']:4}"
        f"  {_number(kind['recall']):>6} {_number(kind['precision']):>9}  {_number(delay['p50'])} / {_number(delay['p95'])}"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _requirements(text: str) -> list[tuple[str, float]]:
    wanted = []
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        try:
            wanted.append((name.strip(), float(value)))
        except ValueError:
            raise WrongInput(f"--require {part!r}: expected NAME=NUMBER, as in recall=0.97") from None
    return wanted


def _figure(scores: dict[str, Any], name: str) -> float | None:
    """`recall` and the like are the total's, `kind.wrong_way.recall` is one kind's, `shadow.wrong_way.recall` that of its rule
    on trial; `counts.error` stands as --json shows it.

    Raises WrongInput for a name that no figure has.
    """
    steps = name.split(".")
    block = {"kind": "kinds", "shadow": "shadow", "shadow_model": "shadow_model"}.get(steps[0])
    if block is not None and len(steps) > 1 and steps[1] in INCIDENT_KINDS:
        place, steps = scores[block].get(steps[1], KindScore().as_dict()), steps[2:]
    else:
        place = {**scores, **scores["total"]}
    for step in steps:
        if not isinstance(place, dict) or step not in place:
            raise WrongInput(f"--require {name}: there is no such figure; see --json for the names")
        place = place[step]
    if isinstance(place, dict):
        raise WrongInput(f"--require {name}: names several figures; choose one of {', '.join(place)}")
    return None if place is None else float(place)


def _unmet(scores: dict[str, Any], name: str, wanted: float) -> str | None:
    """What is missing, or None. A figure of AT_LEAST has a lower bound, every other an upper one, on its size."""
    figure = _figure(scores, name)
    at_least = name.rpartition(".")[2] in AT_LEAST
    if figure is not None and (figure >= wanted if at_least else abs(figure) <= wanted):
        return None
    return f"{name} is {_number(figure)}, required {'at least' if at_least else 'at most'} {wanted:g}"
