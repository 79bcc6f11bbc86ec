"""All that is known of one device: by its birth, its newest figures, and what the store holds of its streams."""

from typing import Any

import msgspec

from collector.core import delivery
from collector.store.engines.db import Db
from collector.store.questions import queries, self_told
from collector.store.questions.wellbeing import health, wellbeing
from event_contract.messages import CameraHealth
from event_contract.presence import Birth, CameraBirth
from event_contract.times import format_time

Json = dict[str, Any]


def whole(db: Db, name: str) -> Json | None:
    """None for one that has neither said who it is nor sent an event."""
    row = db.execute("SELECT site, online, since, birth FROM devices WHERE device = ?", (name,)).fetchone()
    streams = queries.streams(db, name)
    if row is None and not streams:
        return None
    site, online, since, born = row or ("", 0, None, None)
    birth = msgspec.json.decode(born, type=Birth) if born else None
    told, told_at = health(db, name) or (None, None)
    of_cameras = {camera.name: camera for camera in told.cameras} if told else {}
    return {
        "device": name,
        "site": site,
        "online": bool(online),
        "since": None if since is None else format_time(since),
        "software": birth.software if birth else None,
        **wellbeing(db, name),
        **self_told.of_one(db, name),
        "clock_error_ms": told.clock.error_ms if told else None,
        "health_at": None if told_at is None else format_time(told_at),
        "uptime_s": told.uptime_s if told else None,
        "disk_full": told.disk_full if told else False,
        "unstored": told.unstored if told else 0,
        "frame_share": told.frame_share if told else None,
        "machine": told.machine if told else None,
        "cameras": [_camera(camera, of_cameras.get(camera.name)) for camera in (birth.cameras if birth else ())],
        "events": sum(stream["stored"] for stream in streams),
        "missing": sum(delivery.size(stream["missing"]) for stream in streams),
        "streams": streams,
    }


def _camera(born: CameraBirth, told: CameraHealth | None) -> Json:
    """`state` and what follows are null where its device has told no figures of it lately."""
    figures = ("state", "fps", "inference_ms", "frames", "dropped", "restarts", "unjudged")
    return {**msgspec.structs.asdict(born), **{name: getattr(told, name, None) for name in figures}}
