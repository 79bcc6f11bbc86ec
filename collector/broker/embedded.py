"""The broker inside the collector, for one box: rumqttd as a child process on 127.0.0.1, started again when it dies.

It has no access rules, so it never listens anywhere else; and it keeps nothing over a restart, so agents and collector
say again on every connect what is retained.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from iotcore.broker import Broker

from collector.broker.link import MAX_PACKET_BYTES
from collector.core.errors import Told

HOST = "127.0.0.1"
PORT_FREE_WITHIN_S = 3.0  # a predecessor that was just killed may hold the port for a moment
LOOK_EVERY_S = 0.2

# Two logs of at most 10 MiB per subscription stay in memory; what a slow reader misses, agents send again.
_SETTINGS = """\
id = 0

[router]
id = 0
max_connections = 1010
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 10

[v5.1]
name = "mqtt5"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 10000
max_payload_size = {max_payload_bytes}
max_inflight_count = 200
dynamic_filters = true
"""


class BrokerFailed(Told):
    """The embedded broker cannot be set up, or cannot listen."""


class EmbeddedBroker:
    """`restarts` counts how often the child has died and was started again; `on_failure` is called when nobody watches it."""

    def __init__(self, data_dir: Path, port: int, on_failure: Callable[[str], None]) -> None:
        settings = data_dir / "embedded-broker.toml"
        try:
            settings.write_text(_SETTINGS.format(host=HOST, port=port, max_payload_bytes=MAX_PACKET_BYTES))
        except OSError as error:
            raise BrokerFailed(f"{settings}: {error.strerror}; it is written at every start") from error
        self._broker = Broker(config_path=str(settings))
        self._port = port
        self._on_failure = on_failure
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._run, name="embedded broker", daemon=True)
        self.restarts = 0

    def start(self) -> None:
        """Listening when it returns. Raises BrokerFailed."""
        self._start()
        self._watch.start()

    def stop(self) -> None:
        self._stopping.set()
        self._watch.join(15)
        self._broker.stop()

    def _run(self) -> None:
        try:
            self._keep_running()
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the process ends, and is started again
            self._on_failure(f"embedded broker: {type(error).__name__}: {error}")

    def _keep_running(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            if self._broker.is_running:
                continue
            self.restarts += 1
            try:
                self._start()
            except BrokerFailed:
                self._stopping.wait(1.0)  # the next look tries again

    def _start(self) -> None:
        deadline = time.monotonic() + PORT_FREE_WITHIN_S
        while True:
            try:
                self._broker.start()
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise BrokerFailed(
                        f"port {self._port} on {HOST} is in use: stop what listens there, or choose another with --mqtt-port"
                    ) from error
                time.sleep(0.1)
            except RuntimeError as error:
                raise BrokerFailed(f"embedded broker on port {self._port}: {error}; see its output above") from error
