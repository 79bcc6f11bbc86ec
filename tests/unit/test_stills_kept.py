"""Stills at the device: whom they hide, what is kept and for how long, and that nothing is where nobody opted in."""

import queue
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest

from edge_agent.app import stills as app
from edge_agent.app.stills import NoStills, Stills
from edge_agent.config import ConfigError, StillsConfig, load_config
from edge_agent.core.failure import WrongInput
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.types import COCO_OF_CLASS, NO_DETECTIONS, Detections, Frame
from edge_agent.evidence import shelf
from edge_agent.evidence.mosaic import BLOCKS, overlooked, unrecognisable
from edge_agent.evidence.shelf import Shelf, Still
from edge_agent.evidence.upload import Destination, NotUploaded, upload
from edge_agent.field.recent import Recent
from event_contract.commands import CommandResponse, StillRequest
from event_contract.messages import encode
from event_contract.times import format_time
from tests.certificates import Authority
from tests.drawn_drive import site
from tests.roads import scene
from tests.unit.outbox_parts import event

NOISE = np.random.default_rng(1).integers(0, 255, (360, 640, 3), np.uint8)
BOX = (0.25, 0.25, 0.5, 0.75)


def seen(name: str, box: tuple[float, float, float, float] = BOX) -> Detections:
    return Detections(np.array([box], np.float32), np.array([0.2], np.float32), np.array([COCO_OF_CLASS[name]], np.int32))


def colours(part: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    return len(np.unique(part.reshape(-1, 3), axis=0))


@pytest.mark.parametrize(
    ("name", "hidden", "shown"),
    [
        ("person", (slice(90, 150), slice(160, 320)), (slice(170, 265), slice(160, 320))),
        ("car", (slice(185, 270), slice(160, 320)), (slice(90, 175), slice(160, 320))),
        ("bus", (slice(185, 270), slice(160, 320)), (slice(90, 175), slice(160, 320))),
        ("motorcycle", (slice(50, 140), slice(160, 320)), (slice(150, 175), slice(160, 320))),
        ("bicycle", (slice(185, 270), slice(160, 320)), (slice(150, 175), slice(160, 320))),
    ],
)
def test_heads_and_plates_are_a_few_averages_and_the_rest_is_as_it_was(
    name: str, hidden: tuple[slice, slice], shown: tuple[slice, slice]
) -> None:
    made = unrecognisable(NOISE, seen(name), [], ())
    assert colours(made[hidden]) <= BLOCKS**2 < colours(NOISE[hidden]) // 100
    assert (made[shown] == NOISE[shown]).all()
    assert made is not NOISE and colours(NOISE[hidden]) > 1000, "the frame itself is left alone"


def test_what_lies_below_a_mosaic_cannot_be_told_from_another_of_the_same_averages() -> None:
    other = NOISE.copy()
    turned = other[85:150, 160:320]
    made = unrecognisable(NOISE, seen("person"), [], ())[85:150, 160:320]
    turned[:] = made  # only the averages are left of it
    again = unrecognisable(other, seen("person"), [], ())[85:150, 160:320]
    assert np.abs(again.astype(int) - made.astype(int)).mean() < 3


def test_small_far_or_half_outside_is_hidden_too() -> None:
    for box in ((-0.1, -0.1, 0.1, 0.2), (0.9, 0.9, 1.2, 1.3), (0.5, 0.5, 0.51, 0.53), (0.5, 0.5, 0.5, 0.5)):
        made = unrecognisable(NOISE, seen("person", box), [seen("car", box)], ())
        assert made.shape == NOISE.shape
    assert colours(unrecognisable(NOISE, seen("person", (0.5, 0.5, 0.51, 0.56)), [], ())[180:186, 320:326]) == 1


def test_private_masks_are_black_and_over_all() -> None:
    made = unrecognisable(NOISE, seen("person"), [], [((0.25, 0.2), (0.5, 0.2), (0.5, 0.4), (0.25, 0.4))])
    assert not made[75:140, 165:315].any()


def test_whom_the_detector_misses_is_hidden_where_he_was_a_moment_ago() -> None:
    head = (slice(90, 150), slice(165, 315))
    for now in (NO_DETECTIONS, seen("car"), seen("person", (0.6, 0.2, 0.7, 0.5))):
        made = unrecognisable(NOISE, now, [seen("person"), seen("person")], ())
        assert colours(made[head]) <= BLOCKS**2
    assert len(overlooked(seen("person"), seen("person", (0.27, 0.25, 0.5, 0.75)))) == 0, "he is hidden where he is now"


def test_a_shelf_is_bounded_and_gives_the_incidents_own_or_a_near_one() -> None:
    kept = Shelf()
    for n in range(100):
        kept.put(Still(2.0 * n, b"x"), [f"run/north/{n}"])
    assert kept.pick("run/north/99", 0.0) == Still(198.0, b"x")
    assert kept.pick(f"run/north/{99 - shelf.INCIDENTS}", -1000.0) is None, "forgotten, and nothing near"
    assert kept.pick("another", 181.2) == Still(182.0, b"x")
    assert kept.pick("another", 198 + shelf.NEAR_S + 1) is None
    assert not kept.is_due(199.9) and kept.is_due(200.0)
    kept.forget_recent()
    assert kept.pick("another", 198.0) is None and kept.is_due(0.0)


def stills(per_hour: int = 20) -> tuple[Stills, "queue.Queue[CommandResponse]"]:
    """With a still of now, for a collector that does not answer; and what it says."""
    said: queue.Queue[CommandResponse] = queue.Queue()
    config = StillsConfig("http://127.0.0.1:9", per_hour=per_hour)
    made = Stills(config, Path("site.toml"), {"north": scene()}, Recent(["north"]))
    made.open(lambda payload: said.put(msgspec.json.decode(payload, type=CommandResponse)))
    made._cameras["north"].shelf.put(Still(time.monotonic(), b"jpeg"), ["run/north/1"])
    return made, said


def watching(presence: str = "moving", registered: tuple[float, float] = (0.0, 0.0)) -> Any:
    """As much of an eye as is looked at."""
    return SimpleNamespace(name="north", pipeline=SimpleNamespace(presence=presence, registered=registered))


def test_only_frames_in_which_people_were_looked_for_are_kept_and_none_from_before_the_camera_was_turned() -> None:
    made, _ = stills()
    door = [[0.5, 0.5], [0.75, 0.5], [0.75, 0.75], [0.5, 0.75]]
    camera = made._cameras["north"]
    camera.scene, camera.shelf = scene(masks=[{"id": "door", "polygon": door, "private": True}]), Shelf()

    def keep(at_s: float, eye: Any, detections: Detections | None = NO_DETECTIONS, *said: Outgoing) -> Still | None:
        made.keep(eye, Frame("north", 0, at_s, NOISE), detections, said)
        return camera.shelf.pick("run1/north/7", at_s)

    begins = event("incident", "7")
    assert keep(1.0, watching(), None, begins) is None, "the detector was spared"
    assert keep(2.0, watching("blind"), NO_DETECTIONS, begins) is None
    assert keep(3.0, watching()) is not None
    assert keep(4.0, watching("blind")) is None
    assert keep(5.0, watching()) is not None
    assert keep(6.0, watching(registered=(0.25, 0.0))) is None, "its masks lay elsewhere before"
    moved = keep(7.0, watching(registered=(0.25, 0.0)))
    assert moved is not None
    picture = cv2.imdecode(np.frombuffer(moved.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture[184:266, 484:636].max() < 24 and picture[184:266, 330:470].max() > 200, "the mask has followed"
    assert keep(7.5, watching(registered=(0.25, 0.0)), NO_DETECTIONS, begins) == Still(7.5, moved.jpeg), "not due, but begun"


def wish(**changes: str) -> bytes:
    fields = {"id": "r1", "incident": "run/north/1", "camera": "north", "at": format_time(time.time()), "token": "secret"}
    return encode(StillRequest(**{**fields, **changes}, within_s=30.0))


def test_a_request_that_brings_nothing_is_answered_with_the_reason() -> None:
    made, said = stills(per_hour=2)
    for changes, outcome, code, why in (
        ({"camera": "south"}, "refused", "no_camera", "'south'"),
        ({"incident": "x", "at": "2026-03-02T00:00:00Z"}, "refused", "no_picture", "120 s"),
        ({"incident": "x", "at": "noon"}, "refused", "no_picture", "120 s"),
        ({}, "failed", "not_uploaded", "http://127.0.0.1:9: no answer"),
        ({"incident": "x"}, "failed", "not_uploaded", "check stills.collector"),
        ({}, "refused", "too_many", "2 stills were sent within an hour"),
    ):
        made.take(wish(**changes))
        answer = said.get(timeout=20)
        assert (answer.id, answer.outcome, answer.code) == ("r1", outcome, code)
        assert why in answer.reason and "secret" not in answer.reason
    with pytest.raises(ValueError):
        made.take(b'{"kind": "reboot"}')
    made.close()


def test_more_requests_than_can_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stills, "_work", lambda self: None)  # nobody works them off
    made, said = stills()
    for _ in range(app.WAITING + 1):
        made.take(wish())
    assert said.get(timeout=5).code == "busy"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('collector = "http://ioc.example"', "stills.collector: expected https://, pictures go nowhere else"),
        ('collector = "ioc.example"', "expected https://HOST:PORT"),
        ('collector = "https://lan:secret@ioc.example"', "expected https://HOST:PORT and no user"),
        ('collector = "https://ioc.example:99999"', "is no address; expected https"),
        ("per_hour = 20", "stills: object missing required field collector"),
    ],
)
def test_pictures_go_by_https_or_stay_on_this_machine(tmp_path: Path, lines: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"site\.toml: ") as raised:
        load_config(site(tmp_path, "port = 1883", lines))
    assert told in str(raised.value)
    assert "secret" not in str(raised.value)


def test_where_nobody_opted_in_a_frame_costs_nothing(tmp_path: Path) -> None:
    assert load_config(site(tmp_path, "port = 1883")).stills is None
    off, nothing = NoStills(), (None, None, None, [])
    off.keep(*nothing)  # type: ignore[arg-type]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        off.keep(*nothing)  # type: ignore[arg-type]
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 200 and off.take is None


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Authority]]:
    """Where a collector of another kind listens, and who signed its certificate."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("web", None))
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", authority
    server.shutdown()
    server.server_close()


def test_a_still_goes_only_to_whom_the_device_trusts(tmp_path: Path, https: tuple[str, Authority]) -> None:
    url, authority = https
    request = msgspec.json.decode(wish(), type=StillRequest)
    with pytest.raises(NotUploaded, match=r"its certificate is not trusted .*check stills\.ca and the clock"):
        upload(Destination(url), request, b"jpeg", "now")
    with pytest.raises(NotUploaded, match=r"status 501: no collector answers there"):
        upload(Destination(url, str(authority.ca)), request, b"jpeg", "now")
    (tmp_path / "site.toml").write_text("no certificate")
    for name, why in (("missing.pem", "No such file"), ("site.toml", "PEM")):
        with pytest.raises(WrongInput, match=rf"stills\.ca .*{name}: .*{why}"):
            Stills(StillsConfig(url, ca=name), tmp_path / "site.toml", {}, Recent([]))


def test_a_still_is_a_small_jpeg() -> None:
    done, packed = cv2.imencode(".jpg", unrecognisable(NOISE, NO_DETECTIONS, [], ()), (cv2.IMWRITE_JPEG_QUALITY, app.QUALITY))
    assert done and len(packed) < 1024 * 1024
