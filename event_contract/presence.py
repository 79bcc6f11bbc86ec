"""Who is there, as msgspec Structs: the birth and the last will of a device, and the status of a collector. All retained."""

from msgspec import Struct, field

from event_contract.kinds import EventClass
from event_contract.messages import CONTRACT_VERSION


class CameraBirth(Struct, frozen=True, kw_only=True):
    name: str
    scene_sha256: str
    model: str
    model_sha256: str


class StreamBirth(Struct, frozen=True, kw_only=True):
    """The lowest unacknowledged and the highest `seq` of a stream; `lowest` = `highest` + 1 when nothing is pending."""

    event_class: EventClass = field(name="class")
    stream: str
    lowest: int
    highest: int


class Birth(Struct, frozen=True, kw_only=True):
    online: bool = True
    run: str
    connection: int
    boot: str
    site: str
    software: str
    contract: int = CONTRACT_VERSION
    cameras: tuple[CameraBirth, ...] = ()
    streams: tuple[StreamBirth, ...] = ()


class Will(Struct, frozen=True, kw_only=True):
    online: bool = False
    run: str
    connection: int


class CollectorStatus(Struct, frozen=True, kw_only=True):
    online: bool
    instance: str
