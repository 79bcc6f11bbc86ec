"""One line for a person: alerts, events, devices, dead letters, as the command line prints them."""

from datetime import datetime
from typing import Any

Json = dict[str, Any]

SEVERITIES = {
    "vi": {"critical": "KHẨN CẤP", "high": "CAO", "medium": "VỪA", "low": "THẤP"},
    "en": {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM", "low": "LOW"},
}
WORDS = {
    "vi": {"open": "mở", "closed": "đã hết", "late": "báo muộn", "lane": "làn"},
    "en": {"open": "open", "closed": "ended", "late": "late", "lane": "lane"},
}


def alert(alert: Json, language: str) -> str:
    """`07:15:21  HIGH      Vehicle stopped on the carriageway  qn-ntt-01/north lane 2  open`, in local time."""
    words = WORDS[language]
    place = "/".join(filter(None, (alert["device"], alert["camera"] or alert["sensor"])))
    lane = f" {words['lane']} {alert['lane']}" if alert["lane"] else ""
    late = f", {words['late']}" if alert["late"] else ""
    severity = SEVERITIES[language][alert["severity"]]
    told = f"{_clock(alert['started_at'])}  {severity:<8}  {alert['title'][language]}"
    return f"{told}  {place}{lane}  {words[alert['state']]}{late}"


def event(event: Json) -> str:
    key = f"{event['device']}/{event['stream'][:8]}/{event['seq']}"
    return f"{event['n']:>8}  {event['received_at']}  {event['class']:<9}  {event['kind']:<18}  {key}"


def device(device: Json) -> str:
    state = "online" if device["online"] else "offline"
    told = f"{device['events']} events, {device['missing']} missing, last {device['last_event_at'] or 'never'}"
    return f"{device['device']:<20}  {state:<7}  {device['site'] or '-':<12}  {', '.join(device['cameras']) or '-':<12}  {told}"


def dead_letter(letter: Json) -> str:
    return f"{letter['n']:>8}  {letter['last_at']}  x{letter['times']}  {letter['topic']}  {letter['reason']}"


def _clock(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S")
