"""The norm's example messages, and our own, read by the contract, by the collector, and against the generated schema."""

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from collector.core import delivery
from collector.core.delivery import Event, Received, Status
from event_contract import messages, schema, topics
from event_contract.messages import Ack, CloudEvent, HealthData, IncidentData, LostData, TrafficMinuteData
from event_contract.presence import Birth, CollectorStatus, Will
from tests import wire_messages
from tests.wire_messages import CLOCK, DEVICE, STREAM, event

EXAMPLES = {
    "incident": IncidentData,
    "lost": LostData,
    "state": TrafficMinuteData,
    "birth": Birth,
    "will": Will,
    "ack": Ack,
}
TOPICS = {"incident": "event/incident", "lost": "event/incident", "state": "event/state", "birth": "status", "will": "status"}

OWN: dict[str, bytes] = {
    "incident": event(wire_messages.incident()),
    "incident with everything": event(
        wire_messages.incident(
            phase="end",
            sensor="s1",
            ended_at="2026-03-02T00:16:31.240Z",
            road_m=(3.4, 41.2),
            position=messages.Position(109.2, 13.7),
            road_users=(messages.RoadUserData(cls="car", speed_kmh=1.0, speed_se_kmh=0.5),),
            detail={"level": "queuing"},
        )
    ),
    "lost": event(wire_messages.lost()),
    "traffic": event(
        wire_messages.traffic_minute(
            lanes=(messages.LaneMinute(lane="2", counts={"car": 3}),),
            lines=(messages.LineMinute(line="c1", forward={"car": 1}, backward={}),),
        ),
        event_class="state",
    ),
    "health": event(HealthData(run="9f2c61d0", uptime_s=5.0, clock=CLOCK), event_class="telemetry"),
    "health of the machine": event(
        HealthData(
            run="9f2c61d0", uptime_s=5.0, frame_share=0.5, clock=CLOCK,
            machine=messages.MachineHealth(temperature_c=81.5, throttled=True, disk_free_bytes=7_000_000_000, cpu_busy=0.93),
        ),
        event_class="telemetry",
    ),
    "device state": event(
        messages.DeviceStateData(
            run="9f2c61d0", level="bad", clock=CLOCK,
            items=(messages.ItemState(id="temperature", level="bad", said="temperature.hot"),),
        ),
        event_class="state",
    ),
    "maintenance": event(
        messages.MaintenanceData(
            run="9f2c61d0", until="2026-03-02T00:45:00.000Z", by="technician", reason="lens", clock=CLOCK
        ),
        event_class="state",
    ),
    "device test": event(messages.DeviceTestData(run="9f2c61d0", by="technician", clock=CLOCK), event_class="state"),
    "model trial": event(
        messages.ModelTrialData(
            run="9f2c61d0", camera="north", from_="2026-03-02T00:15:00.000Z", live="a", shadow="b", shadow_sha256="0" * 64,
            frames=3600, skipped=2, shadow_ms=41.5, clock=CLOCK,
            classes={"car": messages.ClassAgreement(both=900, only_live=12, only_shadow=31)},
        ),
        event_class="telemetry",
    ),
    "unknown kind": event({"kind": "meteor"}),
    "birth": messages.encode(wire_messages.birth(405, 415)),
    "will": messages.encode(Will(run="9f2c61d0", connection=4)),
    "ack": messages.encode(Ack(stream=STREAM, ranges=((405, 412), (415, 415)))),
    "forked": messages.encode(Ack(stream=STREAM, forked=True)),
    "collector": messages.encode(CollectorStatus(online=True, instance="c1")),
}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema.json_schema())
    return jsonschema.Draft202012Validator(schema.json_schema())


def example(shared: Path, name: str) -> bytes:
    return (shared / "examples" / "wire" / f"{name}.json").read_bytes()


def told(message: msgspec.Struct) -> Any:
    return json.loads(messages.encode(message))


def holds(part: Any, whole: Any) -> bool:
    """Whether `whole` says everything that `part` says; fields with defaults may come on top."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(holds(*pair) for pair in zip(part, whole, strict=True))
    return bool(part == whole)


@pytest.mark.shared
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_contract_reads_an_example_and_says_the_same_again(shared: Path, name: str) -> None:
    raw = example(shared, name)
    expected = json.loads(raw)
    if "specversion" in expected:
        envelope = msgspec.json.decode(raw, type=CloudEvent)
        body = messages.decode_body(envelope.data)
        assert type(body) is EXAMPLES[name]
        assert holds(expected, told(envelope))
        assert holds(expected["data"], told(body))
    else:
        assert holds(expected, told(msgspec.json.decode(raw, type=EXAMPLES[name])))


@pytest.mark.shared
@pytest.mark.parametrize("name", TOPICS)
def test_the_collector_takes_an_example(shared: Path, name: str) -> None:
    raw = example(shared, name)
    device = json.loads(raw).get("source", "/devices/any").removeprefix("/devices/")
    message = delivery.read(Received(f"{topics.ROOT}/{device}/{TOPICS[name]}", raw, time.time()))
    assert isinstance(message, Event | Status)


@pytest.mark.shared
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_schema_accepts_an_example(shared: Path, name: str, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(json.loads(example(shared, name)))


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name, raw in OWN.items() if b"specversion" in raw])
def test_our_events_are_cloudevents(shared: Path, name: str) -> None:
    cloudevents = json.loads((shared / "schemas" / "cloudevents" / "cloudevents.json").read_bytes())
    jsonschema.validate(json.loads(OWN[name]), cloudevents)


@pytest.mark.parametrize("name", OWN)
def test_the_schema_accepts_our_own(name: str, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(json.loads(OWN[name]))


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("incident", ("id",), "no-number"),
        ("incident", ("data", "phase"), "begun"),
        ("incident", ("data", "severity"), None),
        ("incident", ("data", "box"), [0.1, 0.2]),
        ("traffic", ("data", "from"), 3),
        ("birth", ("streams",), [{"class": "gossip", "stream": "s", "lowest": 1, "highest": 2}]),
        ("will", ("connection",), "four"),
        ("ack", ("ranges",), [[1]]),
    ],
)
def test_the_schema_refuses_what_the_contract_refuses(
    name: str, place: tuple[str, ...], value: object, validator: jsonschema.Draft202012Validator
) -> None:
    content = json.loads(OWN[name])
    target = content
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    assert not validator.is_valid(content)
    raw = json.dumps(content).encode()
    if name == "ack":
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(raw, type=Ack)
    else:
        topic = {"traffic": "event/state", "birth": "status", "will": "status"}.get(name, "event/incident")
        message = delivery.read(Received(f"{topics.ROOT}/{DEVICE}/{topic}", raw, time.time()))
        assert isinstance(message, delivery.DeadLetter)


def test_a_state_of_three_lanes_is_within_its_kilobyte() -> None:
    counts = {"motorcycle": 131, "car": 26, "bus": 3, "truck": 4, "bicycle": 2}
    lane = {"mean_kmh": 34.2, "p85_kmh": 41.0, "speed_se_kmh": 0.8, "occupancy": 0.18, "headway_s": 1.6, "queue_m": 0.0}
    lanes = tuple(messages.LaneMinute(lane=str(n), counts=counts, **lane) for n in (1, 2, 3))
    assert len(messages.encode(wire_messages.traffic_minute(lanes=lanes))) <= 1000
