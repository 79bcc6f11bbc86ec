"""docs/wire/ says what the Structs say."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

import collector
from collector.core import exercises
from collector.core.subscribing import Subscriber, Wish
from collector.outputs import asyncapi
from collector.outputs.carrying import Message, content
from collector.store.alerts.deliveries import Due
from event_contract import messages, schema, topics

COMMANDS = {"StillRequest", "CommandResponse"}
WIRE = Path(__file__).resolve().parents[2] / "docs" / "wire"
DOCUMENTS = {"schema.json": schema.json_schema(), "asyncapi.json": asyncapi.document(collector.__version__)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_checked_in_document_is_fresh(name: str) -> None:
    fresh = json.loads(json.dumps(DOCUMENTS[name]))
    assert json.loads((WIRE / name).read_text()) == fresh, "stale: run scripts/wire-docs"


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = DOCUMENTS["asyncapi.json"]

    def references(node: object) -> list[str]:
        if isinstance(node, list):
            return [found for child in node for found in references(child)]
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for child in node.values() for found in references(child)]
        return []

    found = references(document)
    assert len(found) > 20
    for reference in found:
        target: object = document
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(target, dict)
            target = target[step]


def test_the_channels_are_the_topics() -> None:
    channels = DOCUMENTS["asyncapi.json"]["channels"]
    assert channels["event"]["address"] == "roadside/v1/{device}/event/{class}"
    assert topics.parse_event(channels["event"]["address"].format_map({"device": "d", "class": "state"})) == ("d", "state")
    assert topics.parse_status(channels["status"]["address"].format(device="d")) == "d"
    assert topics.parse_collector_status(channels["collectorStatus"]["address"].format(instance="c")) == "c"
    assert topics.parse_command_response(channels["commandResponse"]["address"].format(device="d")) == "d"
    assert topics.parse_command_response("roadside/v1/collector/command/response") is None


ALERTS = {"AlertChange", "AlertSummary"}


@pytest.mark.parametrize(("name", "count"), [("AlertChange", 1), ("AlertSummary", 2)])
def test_alerts_told_again_are_what_the_document_says(name: str, count: int) -> None:
    subscriber = Subscriber(id="s", wish=Wish(name="s", url="mqtt:x"), secrets=(), utc_offset_h=7.0, added_at=0.0)
    alerts = [exercises.begin(exercises.Staged(lon=109.2, lat=13.7), f"{n:08x}", 1e9)[0] for n in range(count)]
    dues = [Due(n, 0, "quiet", count, "open", 1e9, msgspec.json.encode(alert), True) for n, alert in enumerate(alerts)]
    told = json.loads(content(subscriber, Message("m", tuple(dues), 1e9)))
    document = DOCUMENTS["asyncapi.json"]
    jsonschema.validate(told, {**document, "$ref": f"#/components/schemas/{name}"})
    told["data"].pop("kind" if count == 1 else "alerts")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, {**document, "$ref": f"#/components/schemas/{name}"})


def test_every_body_has_its_message() -> None:
    named = set(DOCUMENTS["asyncapi.json"]["components"]["messages"])
    bodies = {body.__name__.removesuffix("Data") + "Event" for body in messages.BODIES.values()}
    assert bodies | {"IncidentEvent", "UnknownEvent", "Birth", "Will", "Ack", "CollectorStatus", *COMMANDS, *ALERTS} == named
