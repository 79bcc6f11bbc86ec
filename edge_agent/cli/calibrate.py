"""`edge-agent calibrate SCENE`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_agent.cli.options import PathType, detector_config, detector_options
from edge_agent.core.failure import Failure

if TYPE_CHECKING:
    from edge_agent.core.calibration_report import CalibrationReport

EXAMPLES = """\b
Examples:
  edge-agent calibrate north.json
      what the scene's own calibration is worth
  edge-agent calibrate north.json --pairs points.csv --write
      points.csv: u,v,x_m,y_m - pixels in the still, metres on the road
  edge-agent calibrate north.json --lane-width 3.5 --dash 12 \\
      --left "102,355 240,120" --right "420,355 330,120" \\
      --dashes "425,340 378,230 355,180 342,150"
      two parallel lines, and where each dash begins
  edge-agent calibrate north.json --from-tracks evening.mp4 --fov 62 --height 6
      nothing measured on the road: the traffic, the lens, the mast
"""


class Clicks(click.ParamType[list[tuple[float, float]]]):
    """"x,y x,y ...": points in pixels of the reference resolution."""

    name = "points"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[tuple[float, float]]:
        try:
            points = [tuple(map(float, point.split(","))) for point in str(value).split()]
            return [(x, y) for x, y in points]
        except ValueError:
            self.fail(f'{value!r}: expected points in pixels, as in "102,355 240,120"', param, ctx)


@click.command("calibrate", epilog=EXAMPLES)
@click.argument("scene", type=PathType)
@click.option("--pairs", type=PathType, help="CSV of u,v,x_m,y_m: pixels of ref_resolution, metres on the road.")
@click.option("--lane-width", type=click.FloatRange(1, 50), help="Metres between the lines --left and --right.")
@click.option("--dash", type=click.FloatRange(1, 50), help="Metres from the beginning of a dash to that of the next.")
@click.option("--left", type=Clicks(), help="Two points or more on the left line, in pixels.")
@click.option("--right", type=Clicks(), help="The same on the right line, parallel to it on the road.")
@click.option("--dashes", type=Clicks(), help="Where three or more successive dashes begin.")
@click.option("--from-tracks", type=PathType, help="A clip, or a folder with detections.txt, of straight traffic.")
@click.option("--fov", type=click.FloatRange(5, 150), help="The lens's horizontal field of view in degrees, for --from-tracks.")
@click.option("--height", type=click.FloatRange(2, 60), help="The camera's height over the road in metres, for --from-tracks.")
@click.option("--fps", type=click.FloatRange(1, 60), default=10.0, show_default=True, help="Frames a second of --from-tracks.")
@click.option("--write", is_flag=True, help="Write the calibration into the scene; without it nothing changes.")
@detector_options
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    scene: Path, pairs: Path | None, lane_width: float | None, dash: float | None,
    left: list[tuple[float, float]] | None, right: list[tuple[float, float]] | None, dashes: list[tuple[float, float]] | None,
    from_tracks: Path | None, fov: float | None, height: float | None, fps: float, write: bool, model: str,
    models_dir: Path | None, providers: tuple[str, ...], threads: int, as_json: bool,
) -> None:  # fmt: skip
    """Work out SCENE's calibration, or judge the one it has: residuals, the stretch, and how good its speeds will be.

    One of --pairs, --lane-width or --from-tracks says from what.
    """
    from edge_agent.app import calibrate
    from edge_agent.app.scenes import load_scene
    from edge_agent.core.calibration_report import report_on

    if sum(source is not None for source in (pairs, lane_width, from_tracks)) > 1:
        raise click.UsageError("--pairs, --lane-width and --from-tracks exclude one another; choose one")
    file, _ = load_scene(scene)
    beside: dict[str, list[float]] = {}
    if pairs is not None:
        made = calibrate.from_pairs(pairs, file)
    elif lane_width is not None:
        if not (dash and left and right and dashes):
            raise click.UsageError("--lane-width needs --dash, --left, --right and --dashes as well")
        made, beside = calibrate.from_lane(left, right, dashes, lane_width, dash, file)
    elif from_tracks is not None:
        detector = detector_config(model, models_dir, providers, threads)
        made = calibrate.from_traffic(calibrate.recorded_frames(from_tracks, file, detector, fps), file, fov, height)
    elif file.calibration is not None and not write:
        made = file.calibration
    else:
        raise click.UsageError(f"{scene}: give --pairs, --lane-width or --from-tracks; see --help")
    try:
        report = report_on(made, file.ref_resolution)
    except ValueError as error:
        raise Failure(f"calibration: {error}") from None
    if write:
        calibrate.write_calibration(scene, made, report.rms_m)
    if as_json:
        click.echo(json.dumps({**asdict(report), "clicks_off_px": beside, "written": write}))
        return
    for name, off in beside.items():
        click.echo(f"clicks beside the fit, {name}: {', '.join(f'{one:.1f}' for one in off)} px")
    click.echo("\n".join(lines_of(report)))
    click.echo(f"written: {scene}" if write else "nothing was written; --write does it")


def lines_of(report: "CalibrationReport") -> list[str]:
    """The report for a terminal of 80 columns."""
    said = ["point      pixel             road m           beside it"]
    for number, one in enumerate(report.points, start=1):
        (u, v), (x, y) = one.image_px, one.road_m
        mark = "  <- look again" if one.slipped else ""
        said.append(f"{number:5}  {u:6.0f},{v:5.0f}  {x:8.2f},{y:7.2f}  {one.off_px:6.1f} px {one.off_m:6.2f} m{mark}")
    said.append(f"residuals: {report.rms_px:.2f} px, {report.rms_m:.2f} m (root mean square); method {report.method}")
    said.append(f"speeds are published from {report.stretch_m[0]:.0f} to {report.stretch_m[1]:.0f} m:")
    for at in report.speeds:
        where = f"  at {at.distance_m:.0f} m"
        if at.share is None or at.se_kmh is None:
            said.append(f"{where}: none, outside of the points")
        else:
            alone = 1.96 * 50 * at.share
            said.append(f"{where}: 50 km/h +- {1.96 * at.se_kmh:.1f} (95 %); the calibration alone {alone:.1f}")
    return said + [f"warning: {warning}" for warning in report.warnings]
