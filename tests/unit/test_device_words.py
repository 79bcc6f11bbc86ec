"""What devices say of themselves holds until they say otherwise, quiets what comes of work at them, and is never an alert."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from collector.core.delivery import DeadLetter, Event, Received, read
from collector.core.maintenance import LONGEST_S, stands_until
from collector.store.event_store import EventStore
from collector.store.questions import one_device, queries
from collector.store.questions.self_told import LEVELS
from event_contract import topics
from event_contract.conditions import SAID, TOPICS
from event_contract.kinds import INCIDENT_KINDS, EventClass
from event_contract.messages import Body, Clock, DeviceStateData, DeviceTestData, ItemState, MaintenanceData, encode
from event_contract.times import format_time
from tests.databases import StoreDatabase
from tests.wire_messages import CLOCK, DEVICE, birth, event, incident

NOW = 1_772_410_521.0
HOUR_S = 3600.0
KEEP_DAYS = {"incident": 30.0, "state": 30.0, "telemetry": 30.0}


def state(*items: tuple[str, str, str]) -> DeviceStateData:
    told = tuple(ItemState(id=id, level=level, said=said) for id, level, said in items)  # type: ignore[arg-type]
    worst = max((item.level for item in told), key=LEVELS.index)
    return DeviceStateData(run="9f2c61d0", level=worst, items=told, clock=CLOCK)


def work(until: float | None, clock: Clock = CLOCK) -> MaintenanceData:
    ends = None if until is None else format_time(until)
    return MaintenanceData(run="9f2c61d0", until=ends, by="lan", reason="lens", clock=clock)


class Device:
    """Its messages in the order of their numbers, unless told otherwise."""

    def __init__(self, store: EventStore, db: Any) -> None:
        self.store, self._db, self._seq = store, db, 0

    def say(self, body: Body, now: float = NOW, seq: int = 0) -> list[dict[str, Any]]:
        """Alerts that changed, as the stream tells them, with `audible`."""
        self._seq += 1
        event_class: EventClass = "incident" if body.kind in INCIDENT_KINDS else "state"
        given = event(body, seq or self._seq, stream=event_class, event_class=event_class, at=now)
        committed = self.store.commit([Received(topics.event(DEVICE, event_class), given, now)])
        return [{**msgspec.json.decode(one.body), "audible": one.audible} for one in committed.changes]

    def fault(self, kind: str = "camera_fault", number: int = 1, now: float = NOW, **given: Any) -> list[dict[str, Any]]:
        times = {"started_at": format_time(now), "updated_at": format_time(now)}
        severity = INCIDENT_KINDS[kind].severity
        body = incident(kind=kind, incident=f"r/{number}", severity=severity, revision=self._seq + 1, **{**times, **given})
        return self.say(body, now)

    def known(self) -> dict[str, Any]:
        found = one_device.whole(self._db, DEVICE)
        assert found is not None
        return found


@pytest.fixture
def device(database: StoreDatabase) -> Iterator[Device]:
    with closing(database.store()) as store, closing(database.reader()) as db:
        yield Device(store, db)


def test_while_somebody_works_there_only_what_is_critical_sounds(device: Device) -> None:
    assert device.say(work(NOW + HOUR_S)) == []
    [covered] = device.fault(detail={"reason": "covered"})
    assert not covered["audible"] and covered["quiet"] == "maintenance" and covered["maintenance"] == format_time(NOW + HOUR_S)
    assert covered["because"] == f"maintenance until {format_time(NOW + HOUR_S)}"
    [crash] = device.fault("suspected_accident", 2, camera="south")
    assert crash["audible"] and crash["quiet"] is None and crash["maintenance"] == format_time(NOW + HOUR_S)
    assert device.known()["maintenance"] == {
        "until": format_time(NOW + HOUR_S), "since": format_time(NOW), "by": "lan", "reason": "lens",
    }  # fmt: skip

    device.fault("obstacle", 3, camera="south")
    device.fault("obstacle", 3, camera="south", phase="end", ended_at=format_time(NOW))
    [heard] = device.say(work(None), NOW + 60)  # what is left sounds; what is over, or was heard, does not
    assert heard["id"] == covered["id"] and heard["audible"] and heard["quiet"] is None and heard["maintenance"] is None
    assert device.known()["maintenance"] is None
    assert device.fault("flood", 4, NOW + 60, camera="south")[0]["audible"]


def test_work_counts_for_what_comes_with_it_whichever_is_first(device: Device) -> None:
    def told(body: Body, seq: int, event_class: EventClass) -> Received:
        payload = event(body, seq, stream=event_class, event_class=event_class, at=NOW)
        return Received(topics.event(DEVICE, event_class), payload, NOW)

    faults = [incident(kind="camera_fault", camera=name, incident=f"r/{name}") for name in ("north", "south", "east")]
    north, south, east = (told(one, n, "incident") for n, one in enumerate(faults, 1))
    begins, ends = told(work(NOW + HOUR_S), 1, "state"), told(work(None), 2, "state")
    born = Received(topics.status(DEVICE), encode(birth()), NOW)  # what is before it is taken first

    def quiet(*messages: Received) -> list[str | None]:
        return [msgspec.json.decode(one.body)["quiet"] for one in device.store.commit(messages).changes]

    assert quiet(north, born, south, begins) == [None, "maintenance"]
    assert quiet(ends, born, east) == [None, None]  # south is heard at last, and east


def test_work_that_nobody_ended_is_over_in_its_time(device: Device) -> None:
    device.say(work(NOW + HOUR_S))
    [covered] = device.fault()
    assert not device.store.look_after(NOW + HOUR_S - 1, KEEP_DAYS).changes
    [change] = device.store.look_after(NOW + HOUR_S, KEEP_DAYS).changes
    assert change.audible and msgspec.json.decode(change.body)["id"] == covered["id"]
    assert not device.store.look_after(NOW + HOUR_S, KEEP_DAYS).changes and device.known()["maintenance"] is None


def test_of_one_stream_what_was_told_last_counts_whatever_comes_last(device: Device) -> None:
    device.say(work(None), seq=8)
    device.say(work(NOW + HOUR_S), seq=7)
    assert device.known()["maintenance"] is None and device.fault()[0]["audible"]
    device.say(work(NOW + HOUR_S), seq=9)
    assert device.known()["maintenance"] is not None


def test_its_things_are_told_the_worst_first_with_their_names_and_outlast_their_event(device: Device) -> None:
    device.say(state(("clock", "ok", "clock.ok"), ("camera/north", "bad", "camera.covered"), ("lidar", "warn", "lidar.dusty")))
    device.say(DeviceTestData(run="9f2c61d0", by="lan", clock=CLOCK))
    health = device.known()["health"]
    assert health["told_at"] == format_time(NOW)
    assert [item["id"] for item in health["items"]] == ["camera/north", "lidar", "clock"]
    assert health["items"][0]["name"] == {"vi": "Camera north", "en": "Camera north"}
    assert health["items"][0]["words"] == {"vi": SAID["camera.covered"].vi, "en": "covered"}
    assert health["items"][1]["words"] == {"vi": "lidar.dusty", "en": "lidar.dusty"}  # only a newer device knows what that is
    assert device.known()["test"] == {"by": "lan", "at": format_time(NOW), "received_at": format_time(NOW)}
    [listed] = queries.devices(device._db)
    assert [item["id"] for item in listed["health"]["items"]] == ["camera/north", "lidar"]

    for day in range(2, 34, 2):  # the age of events is believed two days at a time
        device.say(work(None), NOW + day * 86_400)
        device.store.look_after(NOW + day * 86_400, KEEP_DAYS)
    assert device.known()["health"] == health and queries.events(device._db, 0, 10, kind="device_state") == []
    assert queries.alerts(device._db, "all", 10, None) == []


def test_until_when_is_by_the_collectors_clock() -> None:
    def until(ends: float | None, at: float, synced: bool = True) -> float | None:
        clock = msgspec.structs.replace(CLOCK, synced=synced)
        body = work(ends, clock)
        told = read(Received(topics.event(DEVICE, "state"), event(body, at=at, event_class="state"), NOW))
        assert isinstance(told, Event) and isinstance(told.body, MaintenanceData)
        return stands_until(told, told.body)

    assert until(NOW + HOUR_S, NOW) == NOW + HOUR_S
    assert until(NOW - 60, NOW - HOUR_S) == NOW - 60  # told late
    assert until(HOUR_S + 5, 5.0, synced=False) == NOW + HOUR_S  # its clock says 1970
    assert until(NOW + 3 * 86_400, NOW + 2 * 86_400) == NOW + LONGEST_S  # or the day after tomorrow
    assert until(None, NOW) is None
    bad = event(msgspec.structs.replace(work(NOW), until="noon"), event_class="state")
    assert isinstance(read(Received(topics.event(DEVICE, "state"), bad, NOW)), DeadLetter)


def test_whatever_a_device_may_say_has_words() -> None:
    assert {said.partition(".")[0] for said in SAID} == TOPICS.keys()
    assert all(words.vi and words.en for words in (*SAID.values(), *TOPICS.values()))
