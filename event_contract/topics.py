"""MQTT topics, built and taken apart in one place.

    roadside/v1/<device>/event/<class>           up, QoS 1, not retained
    roadside/v1/<device>/status                  up, retained: birth, and the last will
    roadside/v1/<device>/ack                     down, QoS 1, not retained
    roadside/v1/<device>/command/request         down, QoS 1, not retained
    roadside/v1/<device>/command/response        up, QoS 0, not retained
    roadside/v1/collector/<instance>/status      retained: online, and the last will
"""

import re
from functools import lru_cache

from event_contract.kinds import EVENT_CLASSES, EventClass

ROOT = "roadside/v1"
COLLECTOR = "collector"  # no device may be called so: its topics would be the collector's
EVENTS_OF_ALL = f"{ROOT}/+/event/+"
STATUS_OF_ALL = f"{ROOT}/+/status"
RESPONSES_OF_ALL = f"{ROOT}/+/command/response"
COLLECTORS_STATUS = f"{ROOT}/{COLLECTOR}/+/status"

TOPICS_REMEMBERED = 16_384  # three each of some thousand devices

_NAME = re.compile(r"[a-z0-9-]{1,63}")


def is_device_name(name: str) -> bool:
    """True for `[a-z0-9-]{1,63}` other than the reserved `collector`."""
    return _NAME.fullmatch(name) is not None and name != COLLECTOR


def event(device: str, event_class: EventClass) -> str:
    return f"{ROOT}/{device}/event/{event_class}"


def status(device: str) -> str:
    return f"{ROOT}/{device}/status"


def ack(device: str) -> str:
    return f"{ROOT}/{device}/ack"


def command_request(device: str) -> str:
    return f"{ROOT}/{device}/command/request"


def command_response(device: str) -> str:
    return f"{ROOT}/{device}/command/response"


def collector_status(instance: str) -> str:
    return f"{ROOT}/{COLLECTOR}/{instance}/status"


@lru_cache(TOPICS_REMEMBERED)
def parse_event(topic: str) -> tuple[str, EventClass] | None:
    """Topic -> (device, class), or None when it is not an event topic of a well-named device."""
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or parts[3] != "event" or not is_device_name(parts[2]):
        return None
    for event_class in EVENT_CLASSES:
        if parts[4] == event_class:
            return parts[2], event_class
    return None


def parse_status(topic: str) -> str | None:
    """Topic -> device, or None when it is not the status topic of a well-named device."""
    parts = topic.split("/")
    if len(parts) == 4 and "/".join(parts[:2]) == ROOT and parts[3] == "status" and is_device_name(parts[2]):
        return parts[2]
    return None


def parse_command_response(topic: str) -> str | None:
    """Topic -> device, or None when it is not the response topic of a well-named device."""
    parts = topic.split("/")
    if len(parts) == 5 and "/".join(parts[:2]) == ROOT and parts[3:] == ["command", "response"] and is_device_name(parts[2]):
        return parts[2]
    return None


def parse_collector_status(topic: str) -> str | None:
    """Topic -> collector instance, or None."""
    parts = topic.split("/")
    if len(parts) == 5 and parts[:3] == [*ROOT.split("/"), COLLECTOR] and parts[4] == "status" and parts[3]:
        return parts[3]
    return None
