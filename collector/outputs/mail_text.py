"""What an e-mail of an alert says: short, plain text, in the subscriber's language, with a link to the alert's page."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import quote, unquote

from collector.core.alerts import Alert
from collector.core.subscribing import Subscriber
from collector.outputs.carrying import Message
from collector.outputs.telling import Desk, Language, Telling, ended_s, headline, started_s
from collector.outputs.texts import clean
from event_contract.kinds import Severity

LONGEST_SUBJECT = 120
SEVERITIES: dict[Language, dict[Severity, str]] = {
    "vi": {"critical": "KHẨN CẤP", "high": "CAO", "medium": "VỪA", "low": "THẤP"},
    "en": {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM", "low": "LOW"},
}
STATES: dict[Language, dict[str, str]] = {
    "vi": {"acknowledged": "Đã tiếp nhận", "confirmed": "Đã xác nhận", "rejected": "Báo sai", "over": "Đã kết thúc"},
    "en": {"acknowledged": "Acknowledged", "confirmed": "Confirmed", "rejected": "False alarm", "over": "Ended"},
}
WORDS: dict[Language, dict[str, str]] = {
    "vi": {
        "began": "Bắt đầu", "ended": "Kết thúc",
        "summary": "Tóm tắt: {changes} thay đổi của {alerts} cảnh báo",
        "quiet": "Được giữ lại trong giờ yên lặng.", "rate": "Được giữ lại vì quá nhiều tin trong một phút.",
        "trial": "Thư thử: đường gửi cảnh báo hoạt động.", "console": "Bảng điều khiển",
        "why": "Thư này được gửi vì đăng ký \"{name}\" trên bộ thu Kerbwatch.",
    },
    "en": {
        "began": "Began", "ended": "Ended",
        "summary": "Summary: {changes} changes of {alerts} alerts",
        "quiet": "Held back in quiet hours.", "rate": "Held back: too many messages in a minute.",
        "trial": "A test: alerts reach you.", "console": "Console",
        "why": "You get this because of the subscription \"{name}\" at the Kerbwatch collector.",
    },
}  # fmt: skip


def compose(subscriber: Subscriber, message: Message, desk: Desk, sender: str, console: str) -> EmailMessage:
    """The same Message-ID on every try; what is told of one alert is one thread."""
    language = subscriber.wish.lang
    words, domain = WORDS[language], sender.rpartition("@")[2]
    tellings = [Telling(alert, message.at_s) for alert in message.alerts]
    match tellings:
        case []:
            subject, lines = words["trial"], [words["trial"]]
        case [telling] if len(message.dues) == 1:
            subject = _title(telling, desk, language)
            lines = [*_about(telling, desk, language), "", f"{words['console']}: {page(console, telling.alert)}"]
        case _:
            subject = words["summary"].format(changes=len(message.dues), alerts=len(tellings))
            lines = [words[message.held or "quiet"]]
            for telling in tellings:
                lines += ["", *_about(telling, desk, language), page(console, telling.alert)]
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, address(subscriber.wish.url)
    mail["Subject"] = clean(subject, LONGEST_SUBJECT)
    mail["Date"] = format_datetime(datetime.fromisoformat(desk.local(message.at_s)))
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    if len(tellings) == 1:
        mail["References"] = f"<{desk.urn('incident', tellings[0].alert.id).removeprefix('urn:uuid:')}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    lines += ["", "-- ", words["why"].format(name=subscriber.wish.name), ""]
    mail.set_content("\n".join(lines), cte="quoted-printable")
    return mail


def address(url: str) -> str:
    """`mailto:duty@city.example` -> `duty@city.example`."""
    return unquote(url.removeprefix("mailto:"))


def page(console: str, alert: Alert) -> str:
    """The alert's page on the console; exercises have none."""
    return f"{console.rstrip('/')}/#/alerts" + ("" if alert.exercise else f"/{quote(alert.id, safe='')}")


def _title(telling: Telling, desk: Desk, language: Language) -> str:
    """As in `CRITICAL: Suspected accident, lane 2, Nguyễn Tất Thành` or `Ended: ...`."""
    alert = telling.alert
    state = STATES[language].get("over" if telling.standing == "over" else alert.state)
    return f"{state or SEVERITIES[language][alert.severity]}: {headline(alert, desk.place_of(alert), language)}"


def _about(telling: Telling, desk: Desk, language: Language) -> list[str]:
    """What and where, from when to when; links into the city's video system."""
    words = WORDS[language]
    began, ended = _clock(started_s(telling), desk), _clock(ended_s(telling), desk)
    times = f"{words['began']} {began}" + ("" if telling.live else f", {words['ended'].lower()} {ended}")
    where = "/".join(clean(one, 60) for one in (telling.alert.device, telling.alert.camera or telling.alert.sensor) if one)
    return [_title(telling, desk, language), f"{times}. {where}"]


def _clock(at_s: float, desk: Desk) -> str:
    """As in `07:15:21 02/03/2026`, local time."""
    return datetime.fromisoformat(desk.local(at_s)).strftime("%H:%M:%S %d/%m/%Y")
