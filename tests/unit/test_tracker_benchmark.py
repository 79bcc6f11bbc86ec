"""The ruler of `./scripts/bench tracker` against hand-made cases, and floors for our tracker on real recordings."""

from pathlib import Path

import numpy as np
import pytest

from scripts.benchmarks.mot.metrics import Labelled, Score, score
from scripts.benchmarks.mot.peers import ours
from scripts.benchmarks.mot.recordings import kitti, roadtrack_stops, tud
from scripts.benchmarks.mot.stops import strayed
from scripts.benchmarks.tracker import judge, judge_stops

HERE, THERE = (0.1, 0.1, 0.2, 0.2), (0.6, 0.6, 0.7, 0.7)


def frame(**places: tuple[float, float, float, float]) -> Labelled:
    """frame(a=HERE): road user or track 'a' lies there."""
    return Labelled(np.array([ord(name) for name in places], np.int64), np.array(list(places.values())).reshape(-1, 4))


def test_a_switch_a_break_a_miss_and_a_false_track_are_counted() -> None:
    truth = [frame(a=HERE, b=THERE)] * 6
    tracks = [
        frame(x=HERE, y=THERE),
        frame(x=HERE),  # b is missed
        frame(x=HERE, y=THERE),  # b again: a break, no switch
        frame(x=THERE, y=HERE),  # both ids change hands: two switches
        frame(x=THERE, y=HERE, z=(0.3, 0.3, 0.4, 0.4)),  # z is nobody
        frame(x=THERE, y=HERE),
    ]
    result = score(truth, tracks)
    assert result == Score(truths=12, tracked=12, matches=11, switches=2, breaks=1, id_matches=6)
    assert result.mota == pytest.approx(1 - (1 + 1 + 2) / 12)
    assert result.idf1 == pytest.approx(2 * 6 / 24)


def test_a_pair_that_still_overlaps_is_kept_though_another_overlaps_more() -> None:
    near = (0.1, 0.1, 0.2, 0.17)
    result = score([frame(a=HERE)] * 2, [frame(x=HERE), frame(x=near, y=HERE)])
    assert result.switches == 0 and result.matches == 2


def test_an_id_that_leaves_the_vehicle_it_belonged_to_has_strayed() -> None:
    truth = [frame(a=HERE)] * 14
    assert strayed(truth, [frame(x=HERE)] * 10 + [frame(x=THERE)] * 4) == 1
    assert strayed(truth, [frame(x=HERE)] * 9 + [frame(x=THERE)] * 5) == 0, "it only passed"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "idf1", "switches"), [("TUD-Campus", 0.55, 3), ("TUD-Stadtmitte", 0.64, 6), ("kitti0000", 0.52, 8)]
)
def test_floors_on_street_recordings(shared: Path, name: str, idf1: float, switches: int) -> None:
    folder = shared / "mot" / name
    result = judge(kitti(folder) if name.startswith("kitti") else tud(folder), ours)
    assert result.idf1 >= idf1 and result.switches <= switches


@pytest.mark.shared
def test_floors_on_real_stopped_vehicles(shared: Path) -> None:
    """Every twelfth of RoadTrack's sequences with stops."""
    sequences = list(roadtrack_stops(shared / "roadtrack" / "sequences.tar.xz"))[::12]
    results = [judge_stops(stops, ours) for stops in sequences]
    total = sum((result for result, _ in results), Score())
    assert total.matches / total.truths >= 0.975
    assert total.switches <= 5 and total.breaks <= 20
    assert sum(away for _, away in results) <= 1
