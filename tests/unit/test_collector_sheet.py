"""What a spreadsheet gets: columns that stay, times with a zone, and nothing that it would run."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from collector.core import sheet

EVENT: dict[str, Any] = {
    "n": 7,
    "device": "d1",
    "stream": "s",
    "seq": 3,
    "class": "incident",
    "kind": "wrong_way",
    "clock": "corrected",
    "at": "2026-03-02T00:15:31.240Z",
    "received_at": "2026-03-02T00:15:32.000Z",
    "late": False,
    "shadow": False,
    "event": {"data": {"kind": "wrong_way", "lane": "2", "confidence": 0.9, "position": {"lon": 109.2, "lat": -13.7}}},
}


def told(zone: sheet.Zone | None = None, **body: Any) -> dict[str, Any]:
    event = {**EVENT, "event": {"data": {**EVENT["event"]["data"], **body}}}
    return dict(zip(sheet.COLUMNS, sheet.row(event, zone), strict=True))


def test_an_event_is_one_row_with_what_the_collector_knows_better_than_the_device() -> None:
    row = told(device="liar", time="never", n=1)
    assert (row["n"], row["device"], row["time"], row["late"]) == (7, "d1", "2026-03-02T00:15:31.240Z", "false")
    assert (row["lon"], row["lat"], row["confidence"], row["ended_at"]) == (109.2, -13.7, 0.9, None)
    assert row["data"].startswith('{"kind":"wrong_way"')


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_text_of_a_device_is_a_formula(start: str) -> None:
    assert told(lane=f"{start}1+1")["lane"] == f"'{start}1+1"
    assert told(lane=["=1"])["lane"] == '["=1"]'  # no cell begins with it


def test_times_can_be_of_a_zone_and_what_is_none_stays() -> None:
    east = timezone(timedelta(hours=7))
    row = told(lambda moment: moment.astimezone(east), started_at="soon", ended_at="2026-03-02T00:20:00Z")
    assert row["time"] == "2026-03-02T07:15:31.240+07:00"
    assert datetime.fromisoformat(row["ended_at"]) == datetime(2026, 3, 2, 0, 20, tzinfo=UTC)
    assert row["started_at"] == "soon"


@pytest.mark.parametrize("data", [None, [], 7, "=x", {"position": "=x", "confidence": {"a": 1}}])
def test_a_body_of_whatever_shape_is_a_row(data: Any) -> None:
    row = dict(zip(sheet.COLUMNS, sheet.row({**EVENT, "event": {"data": data}}), strict=True))
    assert (row["kind"], row["lon"]) == ("wrong_way", None)
