"""What is known of each device, as metrics: by what the collector sees of it, and by its own newest word."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.store.questions.figures import DeviceFigures
from collector.store.questions.self_told import LEVELS

Figure = float | None


def _of(name: str) -> Callable[[DeviceFigures], Figure]:
    return lambda device: getattr(device.told, name, None)


def _of_machine(name: str) -> Callable[[DeviceFigures], Figure]:
    def figure(device: DeviceFigures) -> Any:
        return getattr(device.told.machine, name, None) if device.told else None

    return figure


def _oldest(device: DeviceFigures) -> Figure:
    return (device.told.oldest_unacknowledged_s or 0.0) if device.told else None


FIGURES: tuple[tuple[str, str, Callable[[DeviceFigures], Figure]], ...] = (
    ("online", "1 while the device is connected", lambda device: device.online),
    ("maintenance", "1 while somebody works at it", lambda device: device.maintained),
    ("health", "0 well, 1 a warning, 2 bad", lambda device: LEVELS.index(device.level) if device.level else None),
    ("outbox_messages", "what waited when it last told", _of("outbox_messages")),
    ("outbox_oldest_seconds", "the age of the oldest of it", _oldest),
    ("frame_share", "share of the frames that it looks at", _of("frame_share")),
    ("temperature_celsius", "of its board", _of_machine("temperature_c")),
    ("throttled", "1 while it is slowed down", _of_machine("throttled")),
    ("undervoltage", "1 while its voltage is too low", _of_machine("undervoltage")),
    ("disk_free_bytes", "where its data is", _of_machine("disk_free_bytes")),
    ("disk_worn", "share of its life that is used", _of_machine("disk_worn")),
    ("memory_available_bytes", "of the machine", _of_machine("memory_available_bytes")),
    ("cpu_busy", "share of all cores", _of_machine("cpu_busy")),
)


class DeviceMetrics(Collector):
    """What a device does not tell is left out."""

    def __init__(self, devices: Sequence[DeviceFigures]) -> None:
        self._devices = devices

    def collect(self) -> Iterator[Metric]:
        for name, meaning, figure in FIGURES:
            family = GaugeMetricFamily(f"kerbwatch_device_{name}", meaning, labels=["device"])
            for device in self._devices:
                if (value := figure(device)) is not None:
                    family.add_metric([device.device], float(value))
            yield family
