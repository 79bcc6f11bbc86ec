"""Scenes that are drawn on the device's page: judged as the agent judges them, kept, and never lost to one another."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_agent.app.scene_desk import VERSIONS_KEPT, SceneDesk
from edge_agent.core.scene_format import MaskShape, parse_scene
from edge_agent.sources.pipe import Polygon
from edge_agent.web.drawn import LaneClicks, SceneChanged, SceneDeeds, SceneRefused
from tests.roads import WIDTH_PX, image_of, scene
from tests.unit.running_page import USER, RunningPage, running_page

HEIGHT_PX = scene().ref_resolution[1]
INPUT_PX = (416, 416)


def text_of(**changes: Any) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(scene(2), **changes))


@dataclass
class Eye:
    """A camera's stills, each unlike the one before; None: no picture comes. `painted` is what the last one was to hide."""

    taken: int | None = 0
    painted: tuple[Polygon, ...] = ()

    def still(self, camera: str, masks: Sequence[Polygon] = ()) -> bytes | None:
        {"north": self}[camera].painted = tuple(masks)
        self.taken = None if self.taken is None else self.taken + 1
        return None if self.taken is None else b"\xff\xd8still %d" % self.taken


@pytest.fixture
def eye() -> Eye:
    return Eye()


@pytest.fixture
def desk(tmp_path: Path, eye: Eye) -> SceneDesk:
    file = tmp_path / "north.json"
    file.write_bytes(text_of())
    return SceneDesk({"north": file}, {"north": sha256(text_of())}, tmp_path / "scenes", INPUT_PX, eye.still)


def sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def test_what_is_saved_is_the_file_and_the_one_before_can_be_had_again(desk: SceneDesk, tmp_path: Path) -> None:
    before = desk.read("north")
    assert before.running and before.versions == () and before.sha256 == sha256(text_of())
    saved = desk.save("north", text_of(camera="drawn anew"), before.sha256, USER)
    file = (tmp_path / "north.json").read_bytes()
    assert parse_scene(file).camera == "drawn anew" and saved.sha256 == sha256(file) and not saved.running
    assert [(one.number, one.by) for one in saved.versions] == [(2, USER), (1, "")]
    assert desk.version("north", 1) == text_of() and desk.version("north", 2) == file
    again = desk.save("north", desk.version("north", 1), saved.sha256, USER)
    assert parse_scene(bytes(again.scene)) == parse_scene(text_of()) and [one.number for one in again.versions] == [3, 2, 1]
    for camera, number in (("north", 9), ("south", 1)):
        with pytest.raises(KeyError):
            desk.version(camera, number)


def test_two_people_do_not_overwrite_one_another(desk: SceneDesk, tmp_path: Path) -> None:
    base = desk.read("north").sha256
    desk.save("north", text_of(camera="one"), base, USER)
    with pytest.raises(SceneChanged, match="changed meanwhile"):
        desk.save("north", text_of(camera="other"), base, USER)
    assert parse_scene((tmp_path / "north.json").read_bytes()).camera == "one"


def test_what_the_agent_would_refuse_is_not_saved(desk: SceneDesk, tmp_path: Path) -> None:
    base = desk.read("north").sha256
    wrong = json.loads(text_of())
    wrong["lanes"][1]["id"] = wrong["lanes"][0]["id"]
    with pytest.raises(SceneRefused, match=r"lanes\[1\]\.id"):
        desk.save("north", json.dumps(wrong).encode(), base, USER)
    assert (tmp_path / "north.json").read_bytes() == text_of() and desk.read("north").versions == ()
    told = desk.check("north", json.dumps(wrong).encode())
    assert told.problem is not None and told.problem.startswith("lanes[1].id") and told.fitted is None and told.guides == ()


def test_what_the_camera_saw_then_is_kept_with_the_scene_alone(desk: SceneDesk, eye: Eye, tmp_path: Path) -> None:
    assert not desk.read("north").has_view
    hidden = MaskShape("m", ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5)), private=True)
    seen = MaskShape("s", ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0)))
    saved = desk.save("north", text_of(masks=(hidden, seen)), desk.read("north").sha256, USER)
    assert saved.has_view and desk.then("north") == b"\xff\xd8still 1" and eye.painted == (hidden.polygon,)
    (view,) = (tmp_path / "scenes" / "north").glob("*.jpg")
    assert view.stat().st_mode & 0o777 == 0o600
    eye.taken = None
    assert not desk.save("north", text_of(camera="in the dark"), saved.sha256, USER).has_view
    assert list((tmp_path / "scenes" / "north").glob("*.jpg")) == []
    for camera in ("north", "south"):
        with pytest.raises(KeyError):
            desk.then(camera)


def test_a_calibration_is_judged_while_it_is_made(desk: SceneDesk) -> None:
    told = desk.check("north", text_of())
    assert told.problem is None and told.fitted is not None
    assert told.fitted.rms_px < 0.5 and told.fitted.stretch_m == (14.0, 80.0) and len(told.fitted.points) == 12
    assert [line.metres for line in told.guides if line.metres] == [20, 30, 40, 50, 60, 70, 80]
    at_20 = next(line for line in told.guides if line.metres == 20)
    for point, place in ((at_20.points[0], (-4.0, 20.0)), (at_20.points[-1], (4.0, 20.0))):
        assert point == pytest.approx(image_of(*place), abs=0.005)
    slip = json.loads(text_of())
    slip["calibration"]["pairs"][5]["image"][0] += 0.05
    points = desk.check("north", json.dumps(slip).encode()).fitted
    assert points is not None and [number for number, one in enumerate(points.points) if one.slipped] == [5]
    assert desk.check("north", text_of(calibration=None)).fitted is None


def test_a_lane_and_its_dashes_are_enough_for_a_calibration(desk: SceneDesk) -> None:
    def along(x_m: float, *places_m: float) -> tuple[tuple[float, float], ...]:
        return tuple(image_of(x_m, y_m) for y_m in places_m)

    clicks = LaneClicks(
        size_px=(WIDTH_PX, HEIGHT_PX), left=along(-1.75, 15, 30, 60), right=along(1.75, 15, 30, 60),
        dashes=along(1.75, 18, 30, 42, 54), width_m=3.5, cycle_m=12,
    )  # fmt: skip
    solved = desk.lane(clicks)
    assert solved.problem is None and solved.calibration is not None
    document = json.loads(text_of()) | {"calibration": json.loads(bytes(solved.calibration))}
    fitted = desk.check("north", json.dumps(document).encode()).fitted
    assert fitted is not None and fitted.rms_px < 0.5
    flat = msgspec.structs.replace(clicks, dashes=clicks.dashes[:2])
    assert "three dashes" in str(desk.lane(flat).problem)


def test_old_versions_go_when_there_are_many(desk: SceneDesk, tmp_path: Path) -> None:
    now = desk.read("north")
    for number in range(VERSIONS_KEPT + 3):
        now = desk.save("north", text_of(camera=f"drawn {number}"), now.sha256, USER)
    assert len(now.versions) == VERSIONS_KEPT and now.versions[0].number == VERSIONS_KEPT + 4
    (tmp_path / "scenes" / "north" / "20.json").write_text("{")
    assert 20 not in [one.number for one in desk.read("north").versions]


@pytest.fixture
def page(desk: SceneDesk, eye: Eye, tmp_path: Path) -> Iterator[RunningPage]:
    scenes = SceneDeeds(desk.read, desk.version, desk.check, desk.save, desk.lane, eye.still, desk.then)
    with running_page(tmp_path / "web", scenes=scenes) as running:
        yield running


def test_over_the_wire(page: RunningPage) -> None:
    cookie = page.cookie()
    read = page.ask("GET", "/api/v1/scenes/north", cookie=cookie).json
    drawn = read["scene"] | {"camera": "drawn"}
    assert page.post(cookie, "/api/v1/scenes/north/check", {"scene": drawn}).json["problem"] is None
    saved = page.post(cookie, "/api/v1/scenes/north", {"scene": drawn, "base": read["sha256"]})
    assert (saved.status, saved.json["versions"][0]["by"]) == (200, USER)
    assert page.post(cookie, "/api/v1/scenes/north", {"scene": drawn, "base": read["sha256"]}).status == 409
    assert page.post(cookie, "/api/v1/scenes/north", {"scene": {}, "base": saved.json["sha256"]}).status == 400
    assert page.ask("GET", "/api/v1/scenes/north/versions/1", cookie=cookie).json == read["scene"]
    for path in ("scenes/south", "scenes/north/versions/77", "still/south", "scenes/south/then"):
        assert page.ask("GET", f"/api/v1/{path}", cookie=cookie).status == 404, path
    assert page.ask("GET", "/api/v1/still/north?turn=1", cookie=cookie).body == b"\xff\xd8still 3"
    assert page.ask("GET", "/api/v1/scenes/north/then?turn=1", cookie=cookie).body == b"\xff\xd8still 1"
    assert page.post(cookie, "/api/v1/lane-calibration", {"size_px": [1, 1]}).status == 400
    entries = page.ask("GET", "/api/v1/audit", cookie=cookie).json["entries"]
    told = [(one["action"], one["outcome"]) for one in entries]  # to look at a draft changes nothing
    save = "POST /api/v1/scenes/{camera}"
    assert told == [(save, "refused"), (save, "refused"), (save, "ok"), ("log in", "ok")]
