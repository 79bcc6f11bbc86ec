"""docs/wire/ says what the Structs say."""

import json
from pathlib import Path

import pytest

import collector
from event_contract import messages, schema, topics

COMMANDS = {"StillRequest", "CommandResponse"}
WIRE = Path(__file__).resolve().parents[2] / "docs" / "wire"
DOCUMENTS = {"schema.json": schema.json_schema(), "asyncapi.json": schema.asyncapi(collector.__version__)}


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


def test_every_body_has_its_message() -> None:
    named = set(DOCUMENTS["asyncapi.json"]["components"]["messages"])
    bodies = {body.__name__.removesuffix("Data") + "Event" for body in messages.BODIES.values()}
    assert bodies | {"IncidentEvent", "UnknownEvent", "Birth", "Will", "Ack", "CollectorStatus", *COMMANDS} == named
