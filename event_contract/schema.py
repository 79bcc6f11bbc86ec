"""JSON Schema (2020-12) and an AsyncAPI 3 document of the wire, generated from the Structs; docs/wire/ holds both."""

from typing import Any

import msgspec

from event_contract import messages, topics
from event_contract.commands import CommandResponse, StillRequest
from event_contract.kinds import EVENT_CLASSES, INCIDENT_KINDS
from event_contract.messages import BODIES, Ack, CloudEvent, IncidentData
from event_contract.presence import Birth, CollectorStatus, Will

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = r"^[^/].*/[1-9][0-9]{0,17}$"


def json_schema() -> Json:
    """Every message of the wire under `$defs`; a message is valid when it fits one of them."""
    return {
        "$schema": DIALECT,
        "title": "Kerbwatch wire messages",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in _message_names()],
        "$defs": _definitions("#/$defs/{name}"),
    }


def asyncapi(version: str) -> Json:
    """The wire as the collector sees it: what it receives and what it sends. `version` is the software's."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kerbwatch: between roadside devices and the collector",
            "version": version,
            "description": "MQTT 5, clean start, session expiry 0. A PUBACK proves nothing: a device deletes an event only "
            "when an `ack` names it.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "event": _channel(topics.event("{device}", "{class}"), _event_names()),  # type: ignore[arg-type]
            "status": _channel(topics.status("{device}"), ["Birth", "Will"]),
            "ack": _channel(topics.ack("{device}"), ["Ack"]),
            "commandRequest": _channel(topics.command_request("{device}"), ["StillRequest"]),
            "commandResponse": _channel(topics.command_response("{device}"), ["CommandResponse"]),
            "collectorStatus": _channel(topics.collector_status("{instance}"), ["CollectorStatus"]),
        },
        "operations": {
            "receiveEvents": _operation("receive", "event", retain=False),
            "receiveStatus": _operation("receive", "status", retain=True),
            "sendAcks": _operation("send", "ack", retain=False),
            "sendRequests": _operation("send", "commandRequest", retain=False),
            "receiveResponses": _operation("receive", "commandResponse", retain=False, qos=0),
            "sendCollectorStatus": _operation("send", "collectorStatus", retain=True),
        },
        "components": {
            "messages": {name: _message(name) for name in _message_names()},
            "schemas": _definitions("#/components/schemas/{name}"),
        },
    }


def _event_names() -> list[str]:
    return ["IncidentEvent", *(f"{body.__name__.removesuffix('Data')}Event" for body in BODIES.values()), "UnknownEvent"]


def _message_names() -> list[str]:
    return [*_event_names(), "Birth", "Will", "Ack", "StillRequest", "CommandResponse", "CollectorStatus"]


def _definitions(template: str) -> Json:
    bodies = {"IncidentEvent": IncidentData, **{f"{b.__name__.removesuffix('Data')}Event": b for b in BODIES.values()}}
    types = [CloudEvent, *bodies.values(), Birth, Will, Ack, StillRequest, CommandResponse, CollectorStatus]
    _, schemas = msgspec.json.schema_components(types, ref_template=template)
    envelope = schemas.pop("CloudEvent")
    envelope["properties"]["id"]["pattern"] = _ID
    envelope["properties"]["time"]["format"] = "date-time"
    schemas["IncidentData"]["properties"]["kind"]["enum"] = list(INCIDENT_KINDS)
    for kind, body in BODIES.items():
        schemas[body.__name__]["properties"]["kind"] = {"const": kind}
        schemas[body.__name__]["required"].insert(0, "kind")
    schemas["Birth"]["properties"]["online"] = {"const": True}
    schemas["Will"]["properties"]["online"] = {"const": False}
    for status in ("Birth", "Will"):
        schemas[status]["required"].insert(0, "online")
    for name, body in bodies.items():
        schemas[name] = _event(envelope, {"$ref": template.format(name=body.__name__)}, name)
    known = [*INCIDENT_KINDS, *BODIES]
    unknown = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "not": {"enum": known}}}}
    schemas["UnknownEvent"] = _event(envelope, unknown, "UnknownEvent")
    return dict(sorted(schemas.items()))


def _event(envelope: Json, data: Json, title: str) -> Json:
    return {**envelope, "title": title, "properties": {**envelope["properties"], "data": data}}


def _channel(address: str, names: list[str]) -> Json:
    told: dict[str, Json] = {
        "device": {"description": "The common name of the device's certificate: [a-z0-9-]{1,63}, never `collector`."},
        "class": {"enum": list(EVENT_CLASSES), "description": "In order of priority."},
        "instance": {"description": "The collector's own name."},
    }
    return {
        "address": address,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "parameters": {name: text for name, text in told.items() if f"{{{name}}}" in address},
    }


def _operation(action: str, channel: str, *, retain: bool, qos: int = 1) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "bindings": {"mqtt": {"qos": qos, "retain": retain, "bindingVersion": "0.2.0"}},
    }


def _message(name: str) -> Json:
    content_type = messages.CONTENT_TYPE if name.endswith("Event") else "application/json"
    return {"contentType": content_type, "payload": {"$ref": f"#/components/schemas/{name}"}}
