"""`edge-agent capture`: the folder holds what was seen, its replay tells the same, and nothing is overwritten or half there."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from math import sin
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from edge_agent.app.capture import capture
from edge_agent.app.evaluate import judge
from edge_agent.app.situations import Origin, Sighting, Situation
from edge_agent.cli.capture import command
from edge_agent.config import DetectorConfig
from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.truth_format import parse_truth
from edge_agent.core.types import IncidentReport
from edge_agent.sources.errors import SourceError
from tests.brokers import free_port
from tests.golden import replaying
from tests.roads import Someone, detections, driving, scene, standing
from tests.unit.drawn_road import drawn_road

MAIN = "from edge_agent.cli import main; main()"
SEVERAL_FRAMES = 200_000  # bytes; of the first one alone the picture may be there before it counts as seen
FILE = scene(2, rules={"stopped_vehicle": {"dwell_s": 3.0}})
USERS = [standing("car", 0, 30, 1, 9), driving("car", 3.5, 80, -60, start_s=2), driving("truck", 3.5, 15, 60, start_s=7)]
EVEN = [index / 10 for index in range(150)]
# A camera that trembles by some hundredths of a second, drops every seventh frame and is away for a moment.
UNEVEN = [round(at_s + 0.03 * sin(9 * at_s), 4) for at_s in EVEN if round(at_s * 10) % 7 and not 9.5 < at_s < 11]


def sightings(times_s: list[float], users: list[Someone] = USERS) -> Iterator[Sighting]:
    """A clip's times begin with 0, a camera's anywhere."""
    random, began_s = np.random.default_rng(3), 0.0 if times_s is EVEN else 1000.25
    return (Sighting(began_s + at_s, detections(users, at_s, random, 0.9), None) for at_s in times_s)


def situation(frames: Iterator[Sighting], **changes: Any) -> Situation:
    text = msgspec.json.encode(FILE)
    return Situation(Origin(camera="test", model="m", model_sha256="0" * 64), text, 10.0, None, frames, **changes)


def said(times_s: list[float]) -> list[IncidentReport]:
    """What the rules tell of the very detections, not yet written down."""
    pipeline, frames = Pipeline(FILE), list(sightings(times_s))
    reports = [one for at_s, found, _ in frames for one in pipeline.update(at_s - frames[0].at_s, found)]
    return [one for one in reports if isinstance(one, IncidentReport)]


def events(path: Path) -> list[dict[str, Any]]:
    return [event for event in replaying.read_events(path) if "phase" in event["data"]]


@pytest.mark.parametrize("times_s", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_what_is_replayed_is_what_was_seen(tmp_path: Path, times_s: list[float]) -> None:
    captured = capture(tmp_path / "out", situation(sightings(times_s)))
    expected = said(times_s)
    assert {one.kind for one in expected} >= {"stopped_vehicle", "wrong_way"}
    told = [
        (event["data"]["kind"], event["data"]["phase"], event["data"]["revision"], event["data"]["box"], event["data"]["clock"])
        for event in events(captured.folder / "events.jsonl")
    ]
    assert [(kind, phase, revision, clock["mono_s"]) for kind, phase, revision, _, clock in told] == [
        (one.kind, one.phase, one.revision, pytest.approx(one.updated_s, abs=0.001)) for one in expected
    ]
    for (*_, box, _), one in zip(told, expected, strict=True):
        assert box == pytest.approx(one.box, abs=1.01e-4)
    score = judge(captured.folder, DetectorConfig()).score
    assert [verdict.at_s for verdict in score.verdicts] == [
        pytest.approx(one.updated_s, abs=0.001) for one in expected if one.phase == "new"
    ]


def test_times_are_kept_only_where_they_are_uneven(tmp_path: Path) -> None:
    for name, times_s in (("even", EVEN), ("uneven", UNEVEN)):
        capture(tmp_path / name, situation(sightings(times_s)))
    even, uneven = (parse_truth((tmp_path / name / "truth.json").read_bytes()) for name in ("even", "uneven"))
    assert (even.fps, even.duration_s, even.times_s) == (10.0, 15.0, ())
    assert uneven.times_s == pytest.approx([at_s - UNEVEN[0] for at_s in UNEVEN], abs=1e-6)
    assert uneven.duration_s > uneven.times_s[-1]


def test_the_truth_says_nothing_unless_the_rules_are_believed(tmp_path: Path) -> None:
    for name, believe in (("open", False), ("believed", True)):
        captured = capture(tmp_path / name, situation(sightings(EVEN)), believe=believe)
        score = judge(captured.folder, DetectorConfig()).score
        kinds = [score.kinds["stopped_vehicle"], score.kinds["wrong_way"]]
        assert [kind.hits for kind in kinds] == ([1, 1] if believe else [0, 0])
        assert [kind.false_alarms for kind in kinds] == ([0, 0] if believe else [1, 1])
        assert {one.kind for one in captured.told} == {"stopped_vehicle", "wrong_way"}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SourceError("the cable was pulled")])
def test_what_was_seen_before_it_was_cut_short_is_kept(tmp_path: Path, error: BaseException) -> None:
    def cut() -> Iterator[Sighting]:
        yield from list(sightings(EVEN))[:80]
        raise error

    captured = capture(tmp_path / "out", situation(cut()))
    assert (captured.cut_short, captured.frames) == (error, 80)
    assert judge(captured.folder, DetectorConfig()).score.duration_s == 8.0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_without_a_frame_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="camera test: no frame came"):
        capture(tmp_path / "out", situation(iter(())))
    assert list(tmp_path.iterdir()) == []


def test_a_captured_folder_becomes_a_golden_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = tmp_path / "golden"
    golden.mkdir()
    captured = capture(tmp_path / "queue", situation(sightings(UNEVEN)))
    (captured.folder / "clip.avi").write_bytes(b"pixels")
    monkeypatch.setattr(replaying, "FOLDER", golden)
    replaying.take_in(captured.folder)
    assert {path.name for path in (golden / "queue").iterdir()} == {"scene.json", "detections.txt", "truth.json"}
    replaying.replay(golden / "queue", golden / "queue" / "events.jsonl")
    assert (golden / "queue" / "events.jsonl").read_bytes() == (captured.folder / "events.jsonl").read_bytes()


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of drawn cars that stand, and a scene that calls this stopped after a second; a site with it as its camera."""
    folder = tmp_path_factory.mktemp("road")
    picture = drawn_road()
    size_px = picture.shape[1], picture.shape[0]
    writer = cv2.VideoWriter(str(folder / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, size_px)
    random = np.random.default_rng(5)
    for _ in range(25):  # with the noise of a sensor: the same picture again and again is a frozen camera
        writer.write(np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8))
    writer.release()
    mask = [{"id": "house", "polygon": [[0.0, 0.0], [0.2, 0.0], [0.2, 0.2], [0.0, 0.2]], "private": True}]
    whole = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    lanes = [{"id": "1", "polygon": whole, "centreline": [[0.5, 1.0], [0.5, 0.0]]}]
    rules = {"stopped_vehicle": {"dwell_s": 1.0}}
    document = {"camera": "north", "ref_resolution": size_px, "lanes": lanes, "masks": mask, "rules": rules}
    (folder / "scene.json").write_text(json.dumps(document))
    (folder / "site.toml").write_text(
        f'device = "d"\ndata_dir = "data"\n[broker]\nport = {free_port()}\n'
        '[[cameras]]\nname = "north"\nscene = "scene.json"\nfps = 5\n'
        'source = { kind = "clip", path = "clip.avi", loop = true }\n'
    )
    return folder


def run(*arguments: str | Path) -> Any:
    done = CliRunner().invoke(command, [str(one) for one in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_clip_tells_the_same_captured_or_analysed(road: Path, tmp_path: Path) -> None:
    from edge_agent.cli.analyse import command as analyse

    clip, scene_file, out = road / "clip.avi", road / "scene.json", tmp_path / "out"
    done = run(clip, "--scene", scene_file, "--out", out, "--pixels", "--json")
    CliRunner().invoke(analyse, [str(clip), "--scene", str(scene_file), "--out", str(tmp_path / "analysed.jsonl")])
    told = [event["data"] for event in events(out / "events.jsonl")]
    analysed = [event["data"] for event in events(tmp_path / "analysed.jsonl")]
    assert told and [one["kind"] for one in told] == [one["kind"] for one in analysed]
    for mine, theirs in zip(told, analysed, strict=True):
        assert {**mine, "box": None} == {**theirs, "box": None}
        assert mine["box"] == pytest.approx(theirs["box"], abs=1.01e-4)
    summary = json.loads(done.output)
    assert (summary["frames"], summary["duration_s"], summary["complete"]) == (25, 5.0, True)
    assert [one["kind"] for one in summary["told"]] == [one["kind"] for one in told if one["phase"] == "new"]


def test_private_places_are_painted_in_the_pixels_that_are_kept(road: Path, tmp_path: Path) -> None:
    run(road / "clip.avi", "--scene", road / "scene.json", "--out", tmp_path / "out", "--pixels", "--seconds", "0.5")
    _, picture = cv2.VideoCapture(str(tmp_path / "out" / "clip.avi")).read()
    height, width = picture.shape[:2]
    assert picture[: round(0.18 * height), : round(0.18 * width)].max() < 30
    assert picture[round(0.5 * height) :].max() > 60
    assert not list((tmp_path / "out").glob(".*"))


def test_pixels_are_kept_only_when_they_are_asked_for(road: Path, tmp_path: Path) -> None:
    run("--config", road / "site.toml", "--seconds", "0.5", "--out", tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"scene.json", "detections.txt", "truth.json", "events.jsonl", "capture.json"}
    origin = json.loads((tmp_path / "out" / "capture.json").read_text())
    assert (origin["camera"], origin["device"], origin["model"]) == ("north", "d", "nanodet-g-416")
    assert origin["first_frame_at"] is not None


def test_nothing_is_overwritten(road: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(WrongInput, match="is there already"):
        run(road / "clip.avi", "--scene", road / "scene.json", "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "expected a clip with --scene, or --config"),
        (["clip.avi"], "--scene: is missing"),
        (["clip.avi", "--scene", "scene.json", "--config", "site.toml"], "expected a clip"),
        (["clip.avi", "--scene", "scene.json", "--last", "10"], "--last: is for a camera of --config"),
        (["--config", "site.toml", "--model", "yolox-nano"], "--model: is for a clip"),
        (["--config", "site.toml", "--last", "10", "--pixels"], "--pixels: is for what comes"),
        (["--config", "site.toml", "--last", "10", "--seconds", "5"], "--seconds: is for what comes"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], complaint: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert complaint in done.output


def test_a_camera_that_the_site_does_not_have(road: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="no such camera; it has north"):
        run("--config", road / "site.toml", "--camera", "south", "--out", tmp_path / "out")


def test_who_is_interrupted_keeps_what_was_seen(road: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["capture", "--config", road / "site.toml", "--seconds", "600", "--pixels", "--out", out]
    with subprocess.Popen([sys.executable, "-c", MAIN, *arguments], stderr=subprocess.PIPE, text=True) as running:
        while not any(clip.stat().st_size > SEVERAL_FRAMES for clip in tmp_path.glob(".out.*/clip.avi")):
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)  # as Ctrl-C; that one is ignored where the tests run in the background
        _, said_last = running.communicate(timeout=60)
    assert (running.returncode, said_last) == (130, "\nedge-agent: interrupted\n")
    assert judge(out, DetectorConfig()).score.duration_s > 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
