"""A link into the city's own video system, made from a template: https://vms.example/play?camera={camera}&from={unix_ms}"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlsplit

SCHEMES = ("https", "rtsp", "rtsps")
NAMES = ("device", "camera", "site", "lane", "kind", "alert")
TIMES = ("time", "local_time", "compact_time", "unix", "unix_ms")
_PLACE = re.compile(r"{(\w+)}")


def check(template: str) -> None:
    """Raises ValueError, in words that follow a key."""
    strange = sorted({*_PLACE.findall(template)} - {*NAMES, *TIMES})
    if strange or re.search(r"[{}\s]", _PLACE.sub("", template)) or not template.isprintable():
        known = " ".join(f"{{{name}}}" for name in (*NAMES, *TIMES))
        raise ValueError(f"expected a URL with some of {known}, got {template!r}")
    parts = urlsplit(template)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError(f"expected a URL that begins with {', '.join(f'{one}://' for one in SCHEMES)}, got {template!r}")
    if "@" in parts.netloc:
        raise ValueError("holds a user or password, which everyone who reads alerts would see; leave it to the video system")
    if _PLACE.search(parts.netloc):
        raise ValueError(f"the host must stand there in full, got {parts.netloc!r}")


def fill(template: str, names: Mapping[str, str | None], at_s: float, utc_offset_h: float) -> str | None:
    """The link with every value percent-encoded; None where the alert has none for a name, or one that leads elsewhere."""
    values = {**names, **_times(at_s, utc_offset_h)}
    wanted = {name: values.get(name) for name in _PLACE.findall(template)}
    if any(value in (None, "", ".", "..") for value in wanted.values()):
        return None
    return _PLACE.sub(lambda found: quote(str(wanted[found[1]]), safe="", errors="replace"), template)


def _times(at_s: float, utc_offset_h: float) -> dict[str, str]:
    moment = datetime.fromtimestamp(int(at_s), tz=UTC)
    local = moment.astimezone(timezone(timedelta(minutes=round(60 * utc_offset_h))))
    return {
        "time": moment.isoformat().replace("+00:00", "Z"),
        "local_time": local.isoformat(),
        "compact_time": moment.strftime("%Y%m%dT%H%M%SZ"),
        "unix": str(int(at_s)),
        "unix_ms": str(round(1000 * at_s)),
    }
