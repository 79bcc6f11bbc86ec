"""Alerts as one line, in both languages; the time is local, so only what follows it is compared."""

import base64
import re

import pytest

from collector import lines

ALERT = {
    "device": "qn-ntt-01",
    "camera": "north",
    "sensor": None,
    "lane": "2",
    "title": {"vi": "Xe dừng", "en": "Vehicle stopped"},
    "severity": "high",
    "state": "open",
    "started_at": "2026-03-02T00:15:21.000Z",
    "updated_at": "2026-03-02T00:15:31.000Z",
    "ended_at": None,
    "ended_by": None,
    "late": False,
}


def ended(at: str | None = "2026-03-02T00:16:03.400Z", **changes: object) -> dict[str, object]:
    return {**ALERT, "state": "closed", "ended_at": at, **changes}


def test_an_open_alert_is_told_with_its_start_and_one_that_ended_with_its_end() -> None:
    assert lines.alert(ALERT, "en")[2:] == ":15:21  HIGH      Vehicle stopped  qn-ntt-01/north lane 2  open"
    assert lines.alert(ended(), "en")[2:] == ":16:03  HIGH      Vehicle stopped  qn-ntt-01/north lane 2  ended after 42 s"
    assert lines.alert(ended(), "vi")[2:] == ":16:03  CAO       Xe dừng  qn-ntt-01/north làn 2  đã hết sau 42 giây"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-02T00:15:21.000Z", "ended after 0 s"),
        ("2026-03-02T00:20:33.000Z", "ended after 5 min 12 s"),
        ("2026-03-02T02:20:33.000Z", "ended after 2 h 5 min"),
        ("2026-03-03T03:15:21.000Z", "ended after 27 h 0 min"),
        ("2026-03-01T00:15:21.000Z", "ended"),
        (None, "ended after 10 s"),
    ],
)
def test_how_long_it_lasted(at: str | None, told: str) -> None:
    assert lines.alert(ended(at), "en").endswith(f"  {told}")


def test_remarks() -> None:
    assert lines.alert({**ALERT, "late": True}, "vi").endswith("  mở, báo muộn")
    restarted = ended(ended_by="run_over", late=True)
    assert lines.alert(restarted, "en").endswith("  ended after 42 s, the agent was restarted, late")
    assert lines.alert(restarted, "vi").endswith("giây, phần mềm của thiết bị đã khởi động lại, báo muộn")
    blind = ended(detail={"ended_by": "unobserved"}, clock={"synced": False, "corrected": False})
    assert lines.alert(blind, "en").endswith("  ended after 42 s, the camera lost sight, device clock not set")
    assert lines.alert(blind, "vi").endswith("giây, camera mất hình, đồng hồ thiết bị chưa đặt")
    corrected = ended(detail={"ended_by": "of a newer agent"}, clock={"synced": False, "corrected": True})
    assert lines.alert(corrected, "en").endswith("  ended after 42 s, of a newer agent")
    older = {name: value for name, value in ended().items() if name != "ended_by"}  # told by an older collector
    assert lines.alert(older, "en").endswith("  ended after 42 s")


def test_an_alarm_of_the_collector_s_own_says_why() -> None:
    assert lines.alert({**ALERT, "detail": {"reason": "silent"}}, "vi").endswith("  mở, không liên lạc")


def test_a_device_tells_what_is_missing_and_what_never_comes() -> None:
    gaps = {"class": "state", "stream": "5d20c6e1-1", "missing": [[3, 3], [7, 9]], "announced": {"lowest": 5}}
    whole = {"class": "incident", "stream": "0f", "missing": [], "announced": {"lowest": None}}
    device = {
        "device": "d1", "online": False, "silent": True, "site": "", "cameras": ["north"], "events": 6, "missing": 4,
        "last_event_at": None, "clock": "synced", "outbox": {"messages": 2, "oldest_s": 4.2}, "streams": [gaps, whole],
    }  # fmt: skip
    told = lines.device(device).split("  ")
    assert told[0] == "d1"
    assert told[-1].strip() == "6 events, 4 missing in 2 gaps, last never, outbox 2 (oldest 4 s), clock synced"
    assert "silent" in lines.device(device)
    hot = {"level": "bad", "name": {"en": "Temperature"}, "words": {"en": "hot"}}
    work = {"until": "2026-03-02T00:15:00Z", "by": "l\x1ban"}
    told = {"health": {"items": [hot, {**hot, "level": "warn"}]}, "maintenance": work}
    assert re.search(r"synced, Temperature hot, maintenance until \d\d:15:00 \(l\\x1ban\)$", lines.device({**device, **told}))
    assert list(lines.gaps(device)) == ["    missing of state 5d20c6e1: 3, 7-9; the device has none below 5"]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b'{"id": "x"}', '{\n  "id": "x"\n}'),
        ("{chữ\x1b[31m".encode(), "{chữ\\x1b[31m"),
        (b'{"a": "\xc2\x9b1m"}', '{\n  "a": "\\x9b1m"\n}'),
        (b"\xff\x00", "ff 00"),
        (b"\xff" * 1056, f"{' '.join(['ff'] * 32)}\n... and 32 bytes more"),
    ],
)
def test_a_payload_is_readable_and_obeyed_by_no_terminal(payload: bytes, told: str) -> None:
    letter = {
        "n": 7, "topic": "t\x1b", "stream": None, "seq": None, "reason": "r", "times": 1, "first_at": "f", "last_at": "l",
        "bytes": 5, "payload": base64.b64encode(payload).decode(),
    }  # fmt: skip
    whole = lines.dead_letter_whole(letter)
    assert whole.startswith("number  7\ntopic   t\\x1b\nid      cannot be read\n") and whole.endswith(told)
