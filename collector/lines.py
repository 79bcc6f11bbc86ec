"""One line for a person: alerts, events, devices, dead letters, as the command line prints them."""

import base64
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from collector.core.reasons import REASONS

Json = dict[str, Any]
LONGEST_DUMP_BYTES = 1024
GAPS_SHOWN = 10

SEVERITIES = {
    "vi": {"critical": "KHẨN CẤP", "high": "CAO", "medium": "VỪA", "low": "THẤP"},
    "en": {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM", "low": "LOW"},
}
WORDS: dict[str, dict[str, Any]] = {
    "vi": {
        "open": "mở",
        "acknowledged": "đã tiếp nhận",
        "confirmed": "đã xác nhận",
        "rejected": "báo sai",
        "resolved": "đã xử lý",
        "closed": "đã hết",
        "after": "sau",
        "ended_by": {
            "run_over": "phần mềm của thiết bị đã khởi động lại",
            "agent_stopped": "phần mềm của thiết bị đã dừng",
            "unobserved": "camera mất hình",
            "congestion": "đã thành ùn tắc",
            "suspected_accident": "đã thành nghi có tai nạn",
            "stopped_vehicle": "đã thành xe dừng trên phần đường xe chạy",
            "moved": "camera bị lệch nhẹ, vùng theo dõi đã dời theo",
        },
        "clock_unset": "đồng hồ thiết bị chưa đặt",
        "late": "báo muộn",
        "exercise": "diễn tập",
        "lane": "làn",
        "units": ("giờ", "phút", "giây"),
    },
    "en": {
        "open": "open",
        "acknowledged": "acknowledged",
        "confirmed": "confirmed",
        "rejected": "false alarm",
        "resolved": "resolved",
        "closed": "ended",
        "after": "after",
        "ended_by": {
            "run_over": "the agent was restarted",
            "agent_stopped": "the agent was stopped",
            "unobserved": "the camera lost sight",
            "congestion": "became a congestion",
            "suspected_accident": "became a suspected accident",
            "stopped_vehicle": "became a stopped vehicle",
            "moved": "the camera was moved a little and its zones followed",
        },
        "clock_unset": "device clock not set",
        "late": "late",
        "exercise": "exercise",
        "lane": "lane",
        "units": ("h", "min", "s"),
    },
}


def alert(alert: Json, language: str) -> str:
    """`07:15:21  HIGH      Vehicle stopped on the carriageway  qn-ntt-01/north lane 2  open`, in local time.

    One that has ended is told with the time of its end: `07:16:03  HIGH  ...  ended after 42 s`.
    """
    words = WORDS[language]
    place = "/".join(filter(None, (alert["device"], alert["camera"] or alert["sensor"])))
    lane = f" {words['lane']} {alert['lane']}" if alert["lane"] else ""
    severity = SEVERITIES[language][alert["severity"]]
    ended_at = alert["state"] == "closed" and (alert["ended_at"] or alert["updated_at"])
    told = f"{_clock(ended_at or alert['started_at'])}  {severity:<8}  {alert['title'][language]}  {place}{lane}"
    state = f"{words[alert['state']]}{_after(alert['started_at'], ended_at, words) if ended_at else ''}"
    return f"{told}  {', '.join((state, *_remarks(alert, language)))}"


def change(change: Json, language: str) -> str:
    """`    07:15:40  confirmed  operator (confirm): seen on the wall`."""
    reason = f": {_plain(change['reason'])}" if change["reason"] else ""
    state = WORDS[language][change["state"]]
    return f"    {_clock(change['at'])}  {state}  {_plain(change['by'])} ({change['action']}){reason}"


def silence(silence: Json) -> str:
    """`    3  2026-03-02T07:00:00Z until 2026-03-02T18:00:00Z  qn-ntt-01/north  operator: works`."""
    what = "/".join(silence[name] for name in ("device", "camera", "lane", "kind") if silence[name])
    reason = f"{_plain(silence['author'])}: {_plain(silence['reason'])}"
    return f"{silence['n']:>5}  {silence['begins']} until {silence['ends']}  {_plain(what)}  {reason}"


def scorecard(card: Json) -> Iterator[str]:
    """A table: true, false, unjudged, precision, false alarms per camera-day, delay, each with its interval; then trials."""
    yield f"{'rule':<44}  {'true':>5} {'false':>5} {'unjudged':>8}  {'precision':<18}  {'false per camera-day':<26}  delay"
    for row in (*card["totals"], *card["rules"]):
        place = f"  {row['device']}/{row['camera']} v{row['rule_version']} {row['model'] or ''}" if "camera" in row else ""
        counts = f"{row['confirmed']:>5} {row['rejected']:>5} {row['unjudged']:>8}"
        precision = _with_interval(row["precision"], row["precision_95"])
        false = _with_interval(row["false_per_camera_day"], row["false_per_camera_day_95"])
        delay = "-" if row["delay_s"] is None else f"{row['delay_s']:.1f} s"
        yield f"{_plain(row['kind'] + place).rstrip():<44}  {counts}  {precision:<18}  {false:<26}  {delay}"
    for row in card["shadow"]:
        place = f"{row['kind']}  {row['device']}/{row['camera']} v{row['rule_version']}"
        shared = f"with it {row['confirmed']} true, {row['rejected']} false, {row['unjudged']} unjudged; {row['alone']} alone"
        missed = f"not told: {row['missed_confirmed']} true, {row['spared_rejected']} false"
        yield f"on trial  {_plain(place)}: {row['incidents']} incidents; {shared}; {missed}"


def _with_interval(value: float | None, interval: list[float] | None) -> str:
    return "-" if value is None or interval is None else f"{value:.2f} [{interval[0]:.2f}, {interval[1]:.2f}]"


def event(event: Json) -> str:
    key = f"{event['device']}/{event['stream'][:8]}/{event['seq']}"
    shadow = "  shadow" if event.get("shadow") else ""
    return f"{event['n']:>8}  {event['received_at']}  {event['class']:<9}  {event['kind']:<18}  {key}{shadow}"


def device(device: Json) -> str:
    """... `93 events, 7 missing in 2 gaps, last 2026-03-02T00:15:31Z, outbox 3 (oldest 4 s), clock synced`."""
    state = "online" if device["online"] else "silent" if device.get("silent") else "offline"
    gaps = sum(len(stream["missing"]) for stream in device["streams"])
    missing = f"{device['missing']} missing" + (f" in {gaps} gap{'s' * (gaps != 1)}" if gaps else "")
    oldest = (outbox := device.get("outbox")) and outbox["oldest_s"]
    told = ", ".join(
        (
            f"{device['events']} events",
            missing,
            f"last {device['last_event_at'] or 'never'}",
            *([f"outbox {outbox['messages']}" + (f" (oldest {oldest:.0f} s)" if oldest else "")] if outbox else []),
            *([f"clock {device['clock']}"] if device.get("clock") else []),
            *_self_told(device),
        )
    )
    return f"{device['device']:<20}  {state:<7}  {device['site'] or '-':<12}  {', '.join(device['cameras']) or '-':<12}  {told}"


def _self_told(device: Json) -> Iterator[str]:
    things = (device.get("health") or {"items": ()})["items"]
    yield from (_plain(f"{one['name']['en']} {one['words']['en']}") for one in things if one["level"] == "bad")
    if work := device.get("maintenance"):
        yield f"maintenance until {_clock(work['until'])} ({_plain(work['by'])})"


def gaps(device: Json) -> Iterator[str]:
    """`    missing of incident 0f1d2c3b: 3-9, 12; the device has none below 10`: then they never come."""
    for stream in device["streams"]:
        if stream["missing"]:
            lowest = stream["announced"]["lowest"]
            gone = "" if lowest is None or stream["missing"][0][0] >= lowest else f"; the device has none below {lowest}"
            yield f"    missing of {stream['class']} {stream['stream'][:8]}: {_numbers(stream['missing'])}{gone}"


def gap(stream: Json) -> str:
    """`kerb-1  incident   0f1d2c3b-...  8 missing: 3-9, 12`."""
    many = sum(last - first + 1 for first, last in stream["missing"])
    return f"{stream['device']:<20}  {stream['class']:<9}  {stream['stream']}  {many} missing: {_numbers(stream['missing'])}"


def _numbers(ranges: list[list[int]]) -> str:
    told = ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges[:GAPS_SHOWN])
    return told + (", ..." if len(ranges) > GAPS_SHOWN else "")


def dead_letter(letter: Json) -> str:
    return f"{letter['n']:>8}  {letter['last_at']}  x{letter['times']}  {_plain(letter['topic'])}  {_plain(letter['reason'])}"


def dead_letter_whole(letter: Json) -> str:
    """What is known of it, and its payload: JSON indented, else text, else bytes as hexadecimal digits."""
    known = {
        "number": letter["n"],
        "topic": _plain(letter["topic"]),
        "id": f"{letter['stream']}/{letter['seq']}" if letter["seq"] else "cannot be read",
        "reason": _plain(letter["reason"]),
        "came": f"{letter['times']} times, first {letter['first_at']}, last {letter['last_at']}",
        "bytes": letter["bytes"],
    }
    head = "\n".join(f"{name:<8}{value}" for name, value in known.items())
    return f"{head}\n\n{_readable(base64.b64decode(letter['payload']))}"


def replayed(replayed: Json) -> str:
    reason = f": {_plain(replayed['reason'])}" if replayed["reason"] else ""
    return f"{replayed['n']:>8}  {replayed['outcome']}{reason}"


def _readable(payload: bytes) -> str:
    import json

    try:
        text = payload.decode()
    except UnicodeDecodeError:
        shown = payload[:LONGEST_DUMP_BYTES]
        more = [f"... and {len(payload) - len(shown)} bytes more"] if len(payload) > len(shown) else []
        return "\n".join([*(shown[at : at + 32].hex(" ") for at in range(0, len(shown), 32)), *more])
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return "\n".join(_plain(line) for line in text.splitlines())


def _plain(text: str) -> str:
    """Nothing that a terminal would obey."""
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)


def _remarks(alert: Json, language: str) -> Iterator[str]:
    """Why camera or device fail; what ended it, as the collector says or else its device; and what makes its times doubtful."""
    words = WORDS[language]
    if (reason := REASONS.get(str(alert.get("detail", {}).get("reason")))) is not None:
        yield getattr(reason, language)
    by = alert.get("ended_by") or alert.get("detail", {}).get("ended_by")
    if isinstance(by, str):
        yield words["ended_by"].get(by, by)
    if alert["late"]:
        yield words["late"]
    if alert.get("exercise"):
        yield words["exercise"]
    if alert.get("clock") == {"synced": False, "corrected": False}:
        yield words["clock_unset"]


def _after(started_at: str, ended_at: str, words: dict[str, Any]) -> str:
    """` after 1 h 2 min`, in the two largest units; nothing when the device's clock was set back in between."""
    seconds = round((datetime.fromisoformat(ended_at) - datetime.fromisoformat(started_at)).total_seconds())
    if seconds < 0:
        return ""
    parts = [(n, unit) for n, unit in zip((seconds // 3600, seconds // 60 % 60, seconds % 60), words["units"], strict=True)]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return f" {words['after']} {' '.join(f'{n} {unit}' for n, unit in parts[:2])}"


def _clock(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")
