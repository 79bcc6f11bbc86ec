"""The AsyncAPI 3 document of all that the collector says and hears by MQTT: the wire of the devices, and alerts told again."""

from typing import Any

import msgspec

from collector.core.alerts import Alert
from event_contract import schema

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
ADDRESS = "{prefix}/{alert}"


class Change(msgspec.Struct, tag_field="type", tag="alert.*"):
    """An alert as it stood after a change; `type` says what happened, as in alert.open."""

    timestamp: str
    data: Alert


class Held(msgspec.Struct):
    """`held`: quiet hours, or the limit of a minute; of each alert the newest of `changes` changes."""

    held: str
    changes: int
    alerts: list[Alert]


class Summary(msgspec.Struct, tag_field="type", tag="alerts.summary"):
    """What was held back."""

    timestamp: str
    data: Held


def document(version: str) -> Json:
    """`version` is the software's."""
    told = schema.asyncapi(version)
    parameters = {
        "prefix": {"description": "What follows mqtt: in the subscription's address."},
        "alert": {"description": "The alert's id, with what topics have no place for percent-encoded; it holds slashes."},
    }
    channels = {
        "alert": _channel(ADDRESS, "AlertChange", parameters),
        "alertSummary": _channel("{prefix}/summary", "AlertSummary", {"prefix": parameters["prefix"]}),
    }
    about = "Retained while the alert stands; an empty retained message clears it when it does no more."
    operations = {
        "sendAlerts": {**_operation("alert", retain=True), "description": about},
        "sendAlertSummaries": _operation("alertSummary", retain=False),
    }
    messages = {name: {"contentType": "application/json", "payload": {"$ref": _REF.format(name=name)}} for name in _NAMES}
    components = told["components"]
    return {
        **told,
        "channels": told["channels"] | channels,
        "operations": told["operations"] | operations,
        "components": {
            "messages": components["messages"] | messages,
            "schemas": dict(sorted((_schemas() | components["schemas"]).items())),
        },
    }


_NAMES = {"AlertChange": Change, "AlertSummary": Summary}


def _schemas() -> Json:
    _, found = msgspec.json.schema_components(_NAMES.values(), ref_template=_REF)
    renamed: Json = {name: found.pop(kind.__name__) for name, kind in _NAMES.items()}
    renamed["AlertChange"]["properties"]["type"] = {"type": "string", "pattern": r"^alert\.[a-z]+$"}
    return renamed | found


def _channel(address: str, message: str, parameters: Json) -> Json:
    named = {message: {"$ref": f"#/components/messages/{message}"}}
    return {"address": address, "messages": named, "parameters": parameters}


def _operation(channel: str, *, retain: bool) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "bindings": {"mqtt": {"qos": 1, "retain": retain, "bindingVersion": "0.2.0"}},
    }
