"""What is read of the machine and of the agent's own work, before anybody judges it. None: this machine does not tell."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BoardReading:
    """`limit_c`: from here on the board slows itself down. `..._ever`: at some time since boot."""

    temperature_c: float | None = None
    limit_c: float = 85.0
    undervoltage: bool | None = None
    undervoltage_ever: bool = False
    throttled: bool | None = None
    throttled_ever: bool = False


@dataclass(frozen=True, slots=True)
class DiskReading:
    """Of the file system that holds `data_dir`. `life_used`: 0..1 of an eMMC's life; `reserve_low`: it runs out of blocks to
    replace worn ones with."""

    free_bytes: int
    total_bytes: int
    writable: bool = True
    life_used: float | None = None
    reserve_low: bool = False


@dataclass(frozen=True, slots=True)
class NetworkReading:
    """`up`: interfaces with a link. `signal_dbm`: of the best Wi-Fi among them."""

    up: tuple[str, ...] = ()
    signal_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class MachineReading:
    """`disk` is None when the file system gave no answer. `cpu_busy` 0..1 since the reading before. `certificate_s`: how long
    the device's certificate is good for still."""

    at_s: float
    board: BoardReading = BoardReading()
    disk: DiskReading | None = None
    memory_bytes: int | None = None
    memory_available_bytes: int | None = None
    own_bytes: int | None = None
    cpu_busy: float | None = None
    certificate_s: float | None = None
    network: NetworkReading | None = None


@dataclass(frozen=True, slots=True)
class CameraReading:
    """`state` is the source's, `fault` a reason of CAMERA_FAULTS that stands, `fps` the frames that were looked at a second."""

    name: str
    state: str
    fault: str | None = None
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class AgentReading:
    """`wall_s` in Unix seconds, as the clock is set now; `stuck`: the workers that are overdue."""

    at_s: float
    wall_s: float
    synced: bool
    clock_error_ms: float | None = None
    connected: bool = False
    collector_online: bool = False
    outbox_messages: int = 0
    oldest_s: float | None = None
    disk_full: bool = False
    unstored: int = 0
    cameras: tuple[CameraReading, ...] = ()
    stuck: tuple[str, ...] = ()
