"""One line for a person: alerts, events, devices, dead letters, as the command line prints them."""

from datetime import datetime
from typing import Any

Json = dict[str, Any]

SEVERITIES = {
    "vi": {"critical": "KHẨN CẤP", "high": "CAO", "medium": "VỪA", "low": "THẤP"},
    "en": {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM", "low": "LOW"},
}
WORDS: dict[str, dict[str, Any]] = {
    "vi": {
        "open": "mở",
        "closed": "đã hết",
        "after": "sau",
        "run_over": "phần mềm của thiết bị đã khởi động lại",
        "late": "báo muộn",
        "lane": "làn",
        "units": ("giờ", "phút", "giây"),
    },
    "en": {
        "open": "open",
        "closed": "ended",
        "after": "after",
        "run_over": "the agent was restarted",
        "late": "late",
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
    remarks = (state, words.get(alert.get("ended_by") or ""), words["late"] if alert["late"] else None)
    return f"{told}  {', '.join(filter(None, remarks))}"


def event(event: Json) -> str:
    key = f"{event['device']}/{event['stream'][:8]}/{event['seq']}"
    return f"{event['n']:>8}  {event['received_at']}  {event['class']:<9}  {event['kind']:<18}  {key}"


def device(device: Json) -> str:
    state = "online" if device["online"] else "offline"
    told = f"{device['events']} events, {device['missing']} missing, last {device['last_event_at'] or 'never'}"
    return f"{device['device']:<20}  {state:<7}  {device['site'] or '-':<12}  {', '.join(device['cameras']) or '-':<12}  {told}"


def dead_letter(letter: Json) -> str:
    return f"{letter['n']:>8}  {letter['last_at']}  x{letter['times']}  {letter['topic']}  {letter['reason']}"


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
