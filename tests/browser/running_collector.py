"""A real `collector serve` with its embedded broker, and a roadside device that speaks to it, for the browser tests."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from event_contract import topics
from event_contract.kinds import INCIDENT_KINDS, EventClass
from event_contract.messages import (
    Body,
    Clock,
    CloudEvent,
    IncidentData,
    LaneMinute,
    LineMinute,
    RoadUserData,
    TrafficMinuteData,
    encode,
    event_type,
    message_id,
    source,
)
from event_contract.presence import Birth, CameraBirth, StreamBirth
from event_contract.times import format_time
from tests.brokers import free_port

PASSWORD = "a long enough password"
STARTS_WITHIN_S = 30.0
STREAMS: dict[EventClass, str] = {"incident": "11111111-aaaa", "state": "22222222-bbbb"}


class RunningCollector:
    """Started and stopped at will on the same ports and the same data. `settings` are lines for its configuration."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self._folder = folder
        self._http_port, self.mqtt_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._http_port}"
        self._log = folder / "collector.log"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "password").write_text(PASSWORD)
        (folder / "collector.toml").write_text(settings)

    def start(self) -> None:
        options = {
            "config": "collector.toml",
            "data-dir": "data",
            "http-port": self._http_port,
            "mqtt-port": self.mqtt_port,
            "password-file": "password",
        }
        command = [sys.executable, "-c", "from collector.cli import main; main()", "serve", "--embedded-broker"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the collector did not start: {self._log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def _is_ready(self) -> bool:
        if "console " not in self._log.read_text():  # it names its address when everything is set up
            return False
        token = self._folder / "data" / "api-token"
        request = urllib.request.Request(
            f"{self.url}/readyz", headers={"Authorization": f"Bearer {token.read_text().strip()}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False


class Device:
    """A roadside device: says who it is, and tells what happens on its road."""

    def __init__(self, mqtt_port: int, name: str = "qn-ntt-01", site: str = "qn-ntt") -> None:
        self.name = name
        self._site = site
        self._numbers = {event_class: count(1) for event_class in STREAMS}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self._client.connect("127.0.0.1", mqtt_port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def introduce(self, *cameras: str, run: str = "run1") -> None:
        """The birth message of a device that has told nothing yet, or of another run of it."""
        births = tuple(
            CameraBirth(name=name, scene_sha256="0", model="nanodet-g-416", model_sha256="0") for name in cameras
        )
        streams = tuple(
            StreamBirth(event_class=event_class, stream=name, lowest=1, highest=0) for event_class, name in STREAMS.items()
        )
        birth = Birth(
            run=run, connection=1, boot="b", site=self._site, software="0.1.0", cameras=births, streams=streams
        )
        self._publish(topics.status(self.name), encode(birth))

    def tell_incident(
        self, kind: str, number: int = 1, *, began_s_ago: float = 12.0, updated_s_ago: float = 1.0, **given: Any
    ) -> None:
        """An incident of this kind; `given` are further fields of IncidentData."""
        data: dict[str, Any] = {
            "phase": "new",
            "revision": 1,
            "camera": "bac",
            "lane": "1",
            "severity": INCIDENT_KINDS[kind].severity,
            "confidence": 0.87,
            "started_at": _ago(began_s_ago),
            "updated_at": _ago(updated_s_ago),
            "box": (0.41, 0.52, 0.47, 0.62),
            "road_users": (RoadUserData(cls="motorcycle", speed_kmh=31.4, speed_se_kmh=1.8),),
            "clock": _clock(),
        }
        incident = f"run1/{number}"
        self._tell(
            "incident",
            kind,
            IncidentData(kind=kind, incident=incident, run="run1", **(data | given)),
            updated_s_ago,
        )

    def tell_traffic(self, camera: str, lanes: tuple[LaneMinute, ...], lines: tuple[LineMinute, ...] = ()) -> None:
        body = TrafficMinuteData(run="run1", camera=camera, from_=_ago(70), lanes=lanes, lines=lines, clock=_clock())
        self._tell("state", "traffic_minute", body, 5)

    def _tell(self, event_class: EventClass, kind: str, body: Body, ago_s: float) -> None:
        event = CloudEvent(
            id=message_id(STREAMS[event_class], next(self._numbers[event_class])),
            source=source(self.name),
            type=event_type(event_class, kind),
            time=_ago(ago_s),
            data=msgspec.Raw(encode(body)),
        )
        self._publish(topics.event(self.name, event_class), encode(event))

    def _publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)


def _ago(seconds: float) -> str:
    return format_time(time.time() - seconds)


def _clock() -> Clock:
    return Clock(mono_s=time.monotonic(), boot="b", synced=True, error_ms=5)
