"""A look at what an agent delivers with, beside a running one too: its outbox is only read, its client id not taken away."""

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from queue import Empty, Queue

from edge_agent.config import BrokerConfig
from edge_agent.sinks.link import Connected, Ended, Link, LinkInput, in_words, tls_context

TIMEOUT_S = 10.0
LOCKS = Path("/proc/locks")


def is_held(outbox: Path) -> bool:
    """Whether an agent runs on it. The kernel's list is read: taking the lock to see could stop an agent that starts now."""
    try:
        place = outbox.with_name(f"{outbox.name}.lock").stat()
        locks = LOCKS.read_text(encoding="ascii")
    except OSError:
        return False
    name = f"{os.major(place.st_dev):02x}:{os.minor(place.st_dev):02x}:{place.st_ino}"
    return any(name in line.split() for line in locks.splitlines())


def waiting(outbox: Path, held: bool) -> int:
    """How many messages wait for the collector. Raises sqlite3.Error for a damaged file."""
    still = not held and not outbox.with_name(f"{outbox.name}-wal").exists()
    address = f"{outbox.absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}"
    with closing(sqlite3.connect(address, uri=True, timeout=2.0)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM messages").fetchone()[0])


def reach_broker(broker: BrokerConfig) -> str | None:
    """TCP, and TLS where it is configured: why not, or None. An agent's connection is not disturbed."""
    try:
        with socket.create_connection((broker.host, broker.port), TIMEOUT_S) as plain:
            if broker.ca:
                with tls_context(broker.ca, broker.cert, broker.key).wrap_socket(plain, server_hostname=broker.host):
                    pass
    except (OSError, ValueError) as error:
        return in_words(error, broker)
    return None


def join_broker(broker: BrokerConfig, device: str) -> str | None:
    """A whole MQTT connection in the device's name, ended at once: why not, or None. It would push a running agent out."""
    heard: Queue[LinkInput] = Queue()

    def put(item: LinkInput) -> bool:
        heard.put(item)
        return True

    link = Link(broker, device, 0, b"", put)
    try:
        while True:
            match heard.get(timeout=TIMEOUT_S):
                case Connected():
                    return None
                case Ended(reason=reason):
                    return reason
    except Empty:
        return f"{broker.host}:{broker.port} does not answer as an MQTT broker"
    finally:
        link.give_up("looked at")
        link.wait(TIMEOUT_S)
