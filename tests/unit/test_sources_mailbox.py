"""The newest frame of each camera: what is lost is counted, nobody starves, waiting ends."""

import threading
from collections import Counter

import numpy as np
import pytest

from edge_agent.core.types import Frame
from edge_agent.sources.mailbox import Mailbox

PIXELS = np.zeros((1, 1, 3), np.uint8)


def frame(camera: str, index: int = 0) -> Frame:
    return Frame(camera, index, float(index), PIXELS)


def taken(box: Mailbox) -> tuple[str, int] | None:
    found = box.take(0)
    return (found.camera, found.index) if found else None


def test_newest_wins_and_the_loss_is_counted() -> None:
    box = Mailbox(["north", "south"])
    for index in range(3):
        box.put(frame("north", index))
    assert taken(box) == ("north", 2)
    assert taken(box) is None
    assert (box.dropped("north"), box.dropped("south")) == (2, 0)


def test_cameras_take_turns() -> None:
    box = Mailbox(["a", "b", "c"])
    order = []
    for index in range(4):
        for camera in ("a", "b", "c"):
            box.put(frame(camera, index))
        order.append(taken(box))
    assert [found and found[0] for found in order] == ["a", "b", "c", "a"]


def test_a_busy_camera_does_not_starve_a_quiet_one() -> None:
    box = Mailbox(["busy", "quiet"])
    box.put(frame("quiet"))
    box.put(frame("busy"))
    assert taken(box) == ("busy", 0)
    box.put(frame("busy", 1))
    assert taken(box) == ("quiet", 0)


@pytest.mark.parametrize("rates", [(5, 5, 5, 5), (30, 5, 10, 5)])
def test_under_load_every_camera_is_served_alike(rates: tuple[int, ...]) -> None:
    """12 frames a second can be looked at. Nobody gets more than an equal share while another one goes short."""
    names = [f"camera-{number}" for number in range(len(rates))]
    box, served = Mailbox(names), Counter[str]()
    arrivals = sorted((index / rate, name) for name, rate in zip(names, rates, strict=True) for index in range(20 * rate))
    due_s = 0.0
    for at_s, name in arrivals:
        while due_s <= at_s:
            due_s += 1 / 12
            if found := taken(box):
                served[found[0]] += 1
        box.put(frame(name, round(1000 * at_s)))
    assert min(served.values()) >= 0.95 * max(served.values())
    assert all(served[name] + box.dropped(name) >= 20 * rate - 1 for name, rate in zip(names, rates, strict=True))


def test_a_camera_that_hangs_leaves_its_share_to_the_others() -> None:
    box = Mailbox(["hangs", "a", "b"])
    box.put(frame("hangs"))
    order = []
    for index in range(7):
        box.put(frame("a", index))
        box.put(frame("b", index))
        order.append(taken(box))
    assert [found and found[0] for found in order] == ["hangs", "a", "b", "a", "b", "a", "b"]


def test_an_unknown_camera_is_refused() -> None:
    with pytest.raises(KeyError):
        Mailbox(["north"]).put(frame("south"))


def test_close_wakes_who_waits() -> None:
    box = Mailbox(["north"])
    found: list[Frame | None] = []
    waiting = threading.Thread(target=lambda: found.append(box.take(60)))
    waiting.start()
    box.close()
    waiting.join(10)
    assert found == [None]
    box.put(frame("north"))
    assert box.take(60) is None


def test_every_frame_is_taken_or_counted_under_threads() -> None:
    cameras, each = ["a", "b", "c"], 2000
    box = Mailbox(cameras)
    seen: dict[str, list[int]] = {camera: [] for camera in cameras}

    def consume() -> None:
        while found := box.take(60):
            seen[found.camera].append(found.index)

    def produce(camera: str) -> None:
        for index in range(each):
            box.put(frame(camera, index))

    consumer = threading.Thread(target=consume)
    producers = [threading.Thread(target=produce, args=(camera,)) for camera in cameras]
    for thread in (consumer, *producers):
        thread.start()
    for thread in producers:
        thread.join()
    while any(len(seen[camera]) + box.dropped(camera) < each for camera in cameras) and consumer.is_alive():
        pass
    box.close()
    consumer.join()
    for camera in cameras:
        assert seen[camera] == sorted(set(seen[camera]))
        assert seen[camera][-1] == each - 1
        assert len(seen[camera]) + box.dropped(camera) == each
