"""Programs of the chain with one rule of delivery broken, for a drill to catch: `python -m scripts.drills.mutants NAME ...`."""

import sys

import msgspec

import collector.app.serving
import edge_agent.sinks.mqtt
from collector.broker.mqtt_client import Client, Message
from collector.cli import main as collector_main
from collector.ingest import Ingest
from edge_agent.sinks.courier import Courier
from edge_agent.sinks.link import LinkInput, Puback
from event_contract import topics
from event_contract.messages import Ack, CloudEvent, encode, parse_message_id
from scripts.drills import device


class DeletesOnPuback(Courier):
    """Takes the broker's word for the collector's."""

    def take(self, happened: LinkInput, now_s: float) -> None:
        message = self._sent.get(happened.mid) if isinstance(happened, Puback) else None
        super().take(happened, now_s)
        if message:
            stream, seq = message
            self._perform(self._core.acknowledged(Ack(stream=stream, ranges=((seq, seq),)), now_s))


class AcknowledgesFirst(Ingest):
    """Tells the device before the store has committed."""

    def receive(self, client: Client, message: Message) -> None:
        if address := topics.parse_event(message.topic):
            key = parse_message_id(msgspec.json.decode(message.payload, type=CloudEvent).id)
            if key:
                client.tell(topics.ack(address[0]), encode(Ack(stream=key[0], ranges=((key[1], key[1]),))))
                client.flush()
        super().receive(client, message)


OF_DEVICE = {"delete-on-puback"}
OF_COLLECTOR = {"ack-before-commit"}


def main(name: str, arguments: list[str]) -> None:
    sys.argv = [name, *arguments]
    if name in OF_DEVICE:
        edge_agent.sinks.mqtt.Courier = DeletesOnPuback  # type: ignore[attr-defined]
        device.main()
    else:
        collector.app.serving.Ingest = AcknowledgesFirst  # type: ignore[attr-defined]
        collector_main()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
