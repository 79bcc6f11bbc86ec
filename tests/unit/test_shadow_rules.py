"""Rules on trial say what they would say if they were live, change nothing of what is live, and never become an alert."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from collector.store.engines.sqlite import connect
from collector.store.questions import queries
from edge_agent.app.analyse import STREAM, media_voice
from edge_agent.app.replay import replay
from edge_agent.cli.evaluate import command
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneError, SceneFile, parse_scene
from edge_agent.core.types import Detections, IncidentReport, TrafficMinute
from edge_agent.core.wire import outgoing
from edge_agent.sinks.envelope import encode_body, seal
from edge_agent.sources.recorded import write_detections
from event_contract import topics
from event_contract.kinds import EventClass
from tests.brokers import embedded, free_port
from tests.roads import HEIGHT_PX, WIDTH_PX, Someone, detections, driving, scene, standing
from tests.unit.test_collector_ingest import Device, running

QUEUE = [standing("car", 0, y_m, 12, 50) for y_m in (17, 23.5, 36.5, 43, 49.5, 56)]
BUSY = [standing("car", 0, 30, 1, 55), *QUEUE, *(driving("car", 3.5, 85, -50, start_s=3 + 9 * n) for n in range(6))]
LIVE = {"congestion": {"duration_s": 8.0}, "stopped_vehicle": {"min_seen": 0.2}}
ON_TRIAL: list[dict[str, dict[str, Any]]] = [
    {"stopped_vehicle": {"dwell_s": 5.0}},
    {"stopped_vehicle": {"creep_share": 0.0, "crawl_share": 0.0, "dwell_s": 3.0}},
    {"congestion": {"duration_s": 3.0}, "stopped_vehicle": {"dwell_s": 4.0}},
    {"congestion": {"enabled": False}, "wrong_way": {"enabled": False}, "stopped_vehicle": {"severity": "low"}},
]


def frames(users: Sequence[Someone] = BUSY, seconds: float = 60) -> list[tuple[float, Detections]]:
    """Five a second; the camera is away for a while, first shortly, then for so long that all is forgotten."""
    times_s = [index / 5 + (10 if index > 100 else 0) + (80 if index > 280 else 0) for index in range(round(seconds * 5))]
    return [(at_s, detections(list(users), at_s - (10 if at_s > 25 else 0))) for at_s in times_s]


FRAMES = frames()


def said(file: SceneFile) -> list[IncidentReport | TrafficMinute]:
    pipeline = Pipeline(file)
    told = [one for at_s, found in FRAMES for one in pipeline.update(at_s, found)]
    return [*told, *pipeline.end_incidents(200.0, "agent_stopped"), *pipeline.flush()]


def shadows(told: list[IncidentReport | TrafficMinute]) -> list[IncidentReport]:
    return [one for one in told if isinstance(one, IncidentReport) and one.shadow is not None]


@pytest.fixture(scope="module")
def live() -> list[IncidentReport | TrafficMinute]:
    return said(scene(2, rules=LIVE))


@pytest.mark.parametrize("trial", ON_TRIAL, ids=str)
def test_a_shadow_says_what_it_would_say_live_and_leaves_the_live_rules_alone(
    live: list[IncidentReport | TrafficMinute], trial: dict[str, dict[str, Any]]
) -> None:
    beside = said(scene(2, rules=LIVE, shadow_rules=trial))
    assert [one for one in beside if one not in shadows(beside)] == live
    together = {name: {**LIVE.get(name, {}), **trial.get(name, {})} for name in {*LIVE, *trial}}
    as_live = [one for one in said(scene(2, rules=together)) if isinstance(one, IncidentReport) and one.kind in trial]
    assert [replace(one, shadow=None) for one in shadows(beside)] == as_live
    assert {one.shadow for one in shadows(beside)} == {"rules"}


def test_the_scenario_has_what_the_tests_are_about(live: list[IncidentReport | TrafficMinute]) -> None:
    told = [(one.kind, one.detail.get("ended_by")) for one in live if isinstance(one, IncidentReport) and one.phase == "end"]
    assert {kind for kind, _ in told} == {"stopped_vehicle", "wrong_way", "congestion"}
    assert {by for _, by in told} >= {"congestion", "unobserved"}


def test_rules_that_do_not_differ_tell_nothing() -> None:
    assert shadows(said(scene(2, rules=LIVE, shadow_rules={"stopped_vehicle": {"dwell_s": 10}, "wrong_way": {}}))) == []


def test_what_is_left_out_is_as_in_rules_also_when_the_file_is_written_again() -> None:
    file = scene(2, rules=LIVE, shadow_rules={"stopped_vehicle": {"dwell_s": 5.0}})
    assert file.shadow_rules is not None
    stopped = file.shadow_rules.stopped_vehicle
    assert (stopped.dwell_s, stopped.min_seen, file.shadow_rules.congestion.duration_s) == (5.0, 0.2, 8.0)
    assert file.shadow_rules.other_than(file.rules) == {"stopped_vehicle"}
    assert parse_scene(msgspec.json.encode(file)) == file


@pytest.mark.parametrize(
    ("trial", "complaint"),
    [
        ({"stoped_vehicle": {}}, "shadow_rules: unknown rule 'stoped_vehicle'; known are stopped_vehicle, "),
        ({"stopped_vehicle": {"dwel_s": 6}}, "shadow_rules.stopped_vehicle: unknown key 'dwel_s'"),
        ({"stopped_vehicle": {"dwell_s": -1}}, "shadow_rules.stopped_vehicle.dwell_s: expected"),
        ({"stopped_vehicle": {"lanes": ["9"]}}, "shadow_rules.stopped_vehicle.lanes: no lane is called '9'"),
        ({"stopped_vehicle": 6}, "shadow_rules.stopped_vehicle: expected"),
        (["stopped_vehicle"], "shadow_rules: expected"),
        ({"camera_fault": {"black_s": 3}}, "shadow_rules.camera_fault"),
        ({"camera_fault": {"duration_s": 3}}, "shadow_rules.camera_fault: decides what all rules get to see"),
    ],
)
def test_a_mistake_is_named(trial: Any, complaint: str) -> None:
    with pytest.raises(SceneError) as raised:
        scene(2, rules=LIVE, shadow_rules=trial)
    assert complaint in str(raised.value)


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_the_live_lines_of_a_file_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    replay(scene(2, rules=LIVE), FRAMES, tmp_path / "live.jsonl")
    replay(scene(2, rules=LIVE, shadow_rules=ON_TRIAL[2]), FRAMES, tmp_path / "both.jsonl")
    marked = [line for line in lines(tmp_path / "both.jsonl") if b'"shadow":true' in line]
    assert [line for line in lines(tmp_path / "both.jsonl") if line not in marked] == lines(tmp_path / "live.jsonl")
    events = [msgspec.json.decode(line) for line in marked]
    assert [event["id"] for event in events] == [f"{STREAM}-shadow/{number + 1}" for number in range(len(events))]
    assert {event["type"].split(".")[2] for event in events} == {"state"}
    assert {event["data"]["incident"].rpartition("/")[0] for event in events} == {"00000000/test/shadow-rules"}


def test_the_collector_stores_shadows_and_makes_no_alert_of_them(tmp_path: Path) -> None:
    file = scene(2, rules=LIVE, shadow_rules=ON_TRIAL[0])
    voice = media_voice("north", 1_790_000_000.0, Pipeline(file))
    events = [outgoing(one, voice) for one in said(file)]
    port = free_port()
    with embedded(tmp_path, port), running(tmp_path, port) as collector:
        device = Device(port)
        for name in ("incident", "state"):
            send(device, [event for event in events if event.event_class == name], name)  # type: ignore[arg-type]
        # an agent of another version may take the class of alerts for them
        on_trial = [event for event in events if getattr(event.body, "shadow", False)]
        send(device, on_trial, "incident", "of-another-version")
        db = connect(collector.path)
        stored, alerts = queries.events(db, 0, 1000), queries.alerts(db, "all", 1000, None)
        db.close()
        device.close()
    assert len(on_trial) >= 2 and len(stored) == len(events) + len(on_trial)
    assert [row["shadow"] for row in stored].count(True) == 2 * len(on_trial)
    live = {event.body.incident for event in events if event.event_class == "incident"}  # type: ignore[union-attr]
    assert {json.loads(bytes(alert))["id"] for alert in alerts} == {f"qn-test-01/{incident}" for incident in live}
    assert not [change for change in collector.changes if b"shadow-rules" in change.body]


def send(device: Device, events: list[Outgoing], event_class: EventClass, stream: str | None = None) -> None:
    stream = stream or event_class
    for seq, event in enumerate(events, start=1):
        device.send(seal("qn-test-01", stream, seq, encode_body(event)), topics.event("qn-test-01", event_class))
    heard = 0
    while heard < len(events):
        topic, payload = device.heard.get(timeout=20)
        if topic == topics.ack("qn-test-01"):
            told = msgspec.json.decode(payload)
            heard += sum(last - first + 1 for first, last in told["ranges"]) if told["stream"] == stream else 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One stops for 7 s, which only a dwell of 5 s finds, and another for 4.5 s, which is nothing; a third for 30 s."""
    users = [standing("car", 0, 30, 2, 9), standing("car", 3.5, 25, 20, 24.5), standing("car", 0, 40, 30, 60)]
    folder = tmp_path / "scenes" / "road"
    folder.mkdir(parents=True)
    file = scene(2, shadow_rules={"stopped_vehicle": {"dwell_s": 4.0}})
    (folder / "scene.json").write_bytes(msgspec.json.encode(file))
    write_detections(
        folder / "detections.txt", (detections(users, index / 5) for index in range(325)), (WIDTH_PX, HEIGHT_PX)
    )
    truth = [{"kind": "stopped_vehicle", "start_s": 2, "end_s": 9}, {"kind": "stopped_vehicle", "start_s": 30, "end_s": 60}]
    truth.append({"kind": "wrong_way", "start_s": 2, "end_s": 9})
    (folder / "truth.json").write_text(json.dumps({"fps": 5, "duration_s": 65, "incidents": truth}))
    return folder


def test_evaluate_scores_them_beside_the_live_rules(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "out.html"
    done = CliRunner().invoke(command, [str(folder), "--json", "--report", str(report)])
    scores = json.loads(done.output)
    live, tried = scores["kinds"]["stopped_vehicle"], scores["shadow"]["stopped_vehicle"]
    assert (live["hits"], live["false_alarms"], live["misses"]) == (1, 0, 1)
    assert (tried["truths"], tried["hits"], tried["false_alarms"], tried["misses"]) == (2, 2, 1, 0)
    assert tried["more"] == {"hits": 1, "false_alarms": 1, "duplicates": 0}
    assert tried["delay_s"]["p50"] < 0.5
    assert set(scores["shadow"]) == {"stopped_vehicle"}
    assert (scores["total"]["hits"], scores["total"]["false_alarms"]) == (1, 0)
    text = report.read_text()
    assert "on trial (+1 found, +1 false alarms)" in text and "đang thử (+1 tìm thấy, +1 báo sai)" in text
    assert text.count("data:image/jpeg") == 2  # the misses of the live rules, and nothing of what is on trial


def test_evaluate_tells_them_in_words(folder: Path) -> None:
    done = CliRunner().invoke(command, [str(folder), "--list", "--require", "shadow.stopped_vehicle.recall=1"])
    assert done.exit_code == 0, done.output
    assert "+1 hits, +1 false alarms" in done.output
    assert f"{folder}: shadow rules false_alarm stopped_vehicle at 24." in done.output
