"""Asking the running agent what its cameras saw last: only its own user, only what is there; the watch goes on meanwhile."""

import json
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from edge_agent.app import live
from edge_agent.app.live import Agent
from edge_agent.cli.capture import command
from edge_agent.config import load_config
from edge_agent.core.failure import Failure
from edge_agent.field.desk import MAX_ASKED_BYTES, Desk
from edge_agent.field.recall import Asked, packed, recall, unpacked
from edge_agent.field.recent import KEPT_S, MAX_FRAMES, Recent
from event_contract.times import parse_time
from tests.roads import detections, standing
from tests.unit.test_live import site_in

SEEN = detections([standing("car", 0, 30), standing("motorcycle", 0, 20)], 0.0)


def test_five_minutes_are_kept_and_no_more_than_so_many_frames() -> None:
    recent = Recent(["north", "south"])
    for second in range(700):
        recent.remember("north", float(second), SEEN)
    assert [at_s for at_s, _ in recent.since("north", 0.0)] == [float(second) for second in range(round(699 - KEPT_S), 700)]
    assert [at_s for at_s, _ in recent.since("north", 697.0)] == [697.0, 698.0, 699.0]
    assert recent.since("south", 0.0) == []
    for index in range(MAX_FRAMES + 10):
        recent.remember("south", index / 1000, SEEN)
    assert len(recent.since("south", 0.0)) == MAX_FRAMES


def test_a_frame_that_the_detector_was_spared_shows_what_it_saw_last() -> None:
    recent = Recent(["north"])
    for at_s, seen in ((0.0, None), (1.0, SEEN), (2.0, None)):
        recent.remember("north", at_s, seen)
    assert [len(seen) for _, seen in recent.since("north", 0.0)] == [0, 2, 2]


def test_what_is_told_is_what_was_seen() -> None:
    at_s, seen = unpacked(msgspec.msgpack.decode(msgspec.msgpack.encode(packed(4.5, SEEN)), type=type(packed(4.5, SEEN))))
    assert at_s == 4.5
    for mine, theirs in ((seen.boxes, SEEN.boxes), (seen.scores, SEEN.scores), (seen.classes, SEEN.classes)):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a running agent. Its folder's path is longer than a socket's may be."""
    monkeypatch.setattr(live, "FLUSH_S", 0.0)
    folder = tmp_path / ("a-site-with-quite-a-long-name-" * 4)
    folder.mkdir()
    path = site_in(folder)
    (folder / "data").mkdir()
    (folder / "data" / "recall.sock").write_text("left by an agent that died")
    agent = Agent(load_config(path), path)
    seen = threading.Event()
    running = threading.Thread(target=agent.run)
    running.start()
    while not seen.wait(0.05) and running.is_alive():
        if (folder / "data" / "recall.sock").is_socket() and len(agent._recent.since("north", 0.0)) > 3:
            seen.set()
    yield path
    agent.stop()
    running.join()
    assert not (folder / "data" / "recall.sock").exists()


def test_the_running_agent_tells_what_it_saw(site: Path, tmp_path: Path) -> None:
    place = site.parent / "data" / "recall.sock"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    arguments = ["--config", str(site), "--last", "60", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["frames"] >= 3
    assert (tmp_path / "out" / "scene.json").read_bytes() == (site.parent / "scene.json").read_bytes()
    origin = json.loads((tmp_path / "out" / "capture.json").read_text())
    assert (origin["device"], origin["camera"], origin["model"]) == ("d", "north", "nanodet-g-416")
    assert 0 < time.time() - parse_time(origin["first_frame_at"]) < 120


def test_what_nobody_can_answer_does_no_harm(site: Path) -> None:
    data_dir = site.parent / "data"
    with pytest.raises(Failure, match="no camera 'south'"):
        recall(data_dir, Asked("south", 10))
    with pytest.raises(Failure, match=r"north: no frame in the last 1e-06 s"):
        recall(data_dir, Asked("north", 1e-6))
    with pytest.raises(Failure, match="gave no answer"):
        recall(data_dir, Asked("x" * MAX_ASKED_BYTES, 10))
    with pytest.raises(Failure, match="gave no answer"):
        recall(data_dir, Asked("north", -1.0))
    assert recall(data_dir, Asked("north", 60)).frames


def test_without_an_agent_one_is_told(tmp_path: Path) -> None:
    for data_dir in (tmp_path, tmp_path / "none"):
        with pytest.raises(Failure, match=r"recall\.sock: no agent answers there; is it running"):
            recall(data_dir, Asked("north", 10))


def test_an_agent_that_cannot_listen_watches_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "recall.sock").mkdir()
    desk = Desk(tmp_path, lambda asked: asked)
    desk.open()
    desk.close()
    assert desk.problem is not None and "recall.sock: " in desk.problem
