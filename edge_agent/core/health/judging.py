"""From readings to verdicts: one small function for each thing that can be unwell, and the table of their bounds.

A function says what it finds now; how long it must last is in PATIENCE. None: this machine does not tell, and there is no item.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge_agent.core.health.gauge import Limit, Patience, Verdict
from edge_agent.core.health.reading import AgentReading, CameraReading, MachineReading, NetworkReading
from edge_agent.core.health.snapshot import Level

WARM_BELOW_LIMIT_C = 10.0
MEMORY = Limit(warn=0.15, bad=0.05, ease=0.02)  # share that is available
BUSY = Limit(warn=0.95, bad=2.0, ease=0.05)  # share of all cores; by itself it is never bad
WEAR = Limit(warn=0.8, bad=1.0, ease=0.0)  # share of its life that is used
WAITING = Limit(warn=600.0, bad=86_400.0, ease=300.0)  # age in seconds of what waits for the collector
SIGNAL = Limit(warn=-75.0, bad=-200.0, ease=5.0)  # of Wi-Fi, in dBm; a weak one is not bad while it holds
CERTIFICATE = Limit(warn=14.0, bad=1.0, ease=0.0)  # days it is good for still
BUILT_S = 1_767_225_600.0  # 2026-01-01: no clock that is right is behind the software

PATIENCE: dict[str, Patience] = {
    "temperature": Patience(20.0, 60.0),
    "power": Patience(5.0, 60.0),
    "throttling": Patience(10.0, 60.0),
    "disk": Patience(10.0, 30.0),
    "disk_wear": Patience(),
    "memory": Patience(30.0, 60.0),
    "processor": Patience(300.0, 60.0),
    "clock": Patience(60.0, 5.0),
    "link": Patience(30.0, 0.0),
    "outbox": Patience(10.0, 30.0),
    "network": Patience(10.0, 10.0),
    "certificate": Patience(),
    "agent": Patience(),
    "camera": Patience(),  # the rules on cameras have been patient
}

FAULTS: dict[str, str] = {  # bad verdict -> reason of a device_fault; what is told otherwise is not told twice
    "temperature.hot": "hot",
    "power.low_now": "undervoltage",
    "throttling.now": "throttled",
    "disk.read_only": "read_only",
    "disk_wear.used_up": "worn",
    "memory.short": "memory",
    "clock.absurd": "clock",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What one thing is like now. `said` of the verdict is a key of SAID."""

    id: str
    verdict: Verdict
    value: float | str | None = None
    unit: str = ""


Before = Callable[[str], Level]  # the level of an item that stands, for the margins


def at_first(item: str) -> Level:
    """Of whom nothing is known yet."""
    return "ok"


def judge(machine: MachineReading, agent: AgentReading | None, before: Before = at_first) -> list[Found]:
    """Everything that can be said, the machine first. `agent` is None where none runs."""
    return [*of_machine(machine, before), *([of_no_agent()] if agent is None else of_agent(agent, before))]


def of_no_agent() -> Found:
    return Found("agent", Verdict("bad", "agent.absent"))


def of_workers(stuck: Iterable[str]) -> Found:
    names = ", ".join(stuck)
    return Found("agent", Verdict("bad", "agent.stuck"), names) if names else Found("agent", Verdict("ok", "agent.ok"))


def of_machine(machine: MachineReading, before: Before = at_first) -> Iterator[Found]:
    board, disk = machine.board, machine.disk
    if board.temperature_c is not None:
        limit = Limit(board.limit_c - WARM_BELOW_LIMIT_C, board.limit_c, ease=3.0)
        level = limit.grade(board.temperature_c, before("temperature"))
        yield Found("temperature", _named("temperature", level, "warm", "hot"), round(board.temperature_c, 1), "°C")
    if board.undervoltage is not None:
        yield Found("power", _since_boot("power", board.undervoltage, board.undervoltage_ever, "low"))
    if board.throttled is not None:
        yield Found("throttling", _since_boot("throttling", board.throttled, board.throttled_ever, ""))
    if disk is not None:
        level = room(disk.total_bytes).grade(disk.free_bytes, before("disk"))
        verdict = _named("disk", level, "little", "full") if disk.writable else Verdict("bad", "disk.read_only")
        yield Found("disk", verdict, disk.free_bytes, "B")
        if disk.life_used is not None:
            level = "bad" if disk.reserve_low else WEAR.grade(disk.life_used, before("disk_wear"))
            yield Found("disk_wear", _named("disk_wear", level, "much", "used_up"), round(100 * disk.life_used), "%")
    if machine.memory_bytes and machine.memory_available_bytes is not None:
        share = machine.memory_available_bytes / machine.memory_bytes
        level = MEMORY.grade(share, before("memory"))
        yield Found("memory", _named("memory", level, "little", "short"), machine.memory_available_bytes, "B")
    if machine.cpu_busy is not None:
        level = BUSY.grade(machine.cpu_busy, before("processor"))
        yield Found("processor", _named("processor", level, "busy", "busy"), round(100 * machine.cpu_busy), "%")
    if machine.network is not None:
        yield _network(machine.network, before("network"))
    if machine.certificate_s is not None:
        days = machine.certificate_s / 86_400
        level = CERTIFICATE.grade(days, before("certificate"))
        verdict = _named("certificate", level, "ends_soon", "over" if days <= 0 else "ends_now")
        yield Found("certificate", verdict, round(days), "d")


def of_agent(agent: AgentReading, before: Before) -> Iterator[Found]:
    yield of_workers(agent.stuck)
    yield Found("clock", _clock(agent), agent.clock_error_ms, "ms")
    yield Found("link", _link(agent))
    yield Found("outbox", _outbox(agent, before("outbox")), agent.outbox_messages)
    for camera in agent.cameras:
        yield Found(f"camera/{camera.name}", _camera(camera), camera.fps, "fps")


def room(total_bytes: int) -> Limit:
    """Of bytes that are free: what an outbox wants, and less of a small disk."""
    return Limit(warn=min(1e9, 0.2 * total_bytes), bad=min(2e8, 0.05 * total_bytes), ease=min(5e7, 0.01 * total_bytes))


def _named(topic: str, level: Level, warn: str, bad: str) -> Verdict:
    said = {"ok": "ok", "warn": warn, "bad": bad}[level]
    return Verdict(level, f"{topic}.{said}")


def _since_boot(topic: str, now: bool, ever: bool, what: str) -> Verdict:
    start = f"{topic}.{what}_" if what else f"{topic}."
    if now:
        return Verdict("bad", f"{start}now")
    return Verdict("warn", f"{start}before") if ever else Verdict("ok", f"{topic}.ok")


def _network(network: NetworkReading, before: Level) -> Found:
    if not network.up:
        return Found("network", Verdict("bad", "network.down"))
    if network.signal_dbm is None:
        return Found("network", Verdict("ok", "network.ok"), ", ".join(network.up))
    level = SIGNAL.grade(network.signal_dbm, before)
    return Found("network", _named("network", level, "weak", "weak"), network.signal_dbm, "dBm")


def _clock(agent: AgentReading) -> Verdict:
    if agent.wall_s < BUILT_S:
        return Verdict("bad", "clock.absurd")
    return Verdict("ok", "clock.ok") if agent.synced else Verdict("warn", "clock.unsynced")


def _link(agent: AgentReading) -> Verdict:
    if not agent.connected:
        return Verdict("bad", "link.down")
    return Verdict("ok", "link.ok") if agent.collector_online else Verdict("warn", "link.no_collector")


def _outbox(agent: AgentReading, before: Level) -> Verdict:
    if agent.disk_full:
        return Verdict("bad", "outbox.full")
    return _named("outbox", WAITING.grade(agent.oldest_s or 0.0, before), "waiting", "stuck")


def _camera(camera: CameraReading) -> Verdict:
    if camera.fault is not None:
        return Verdict("bad", f"camera.{camera.fault}")
    match camera.state:
        case "live":
            return Verdict("ok", "camera.ok")
        case "failed":
            return Verdict("bad", "camera.no_frames")
        case "ended":
            return Verdict("warn", "camera.ended")
    return Verdict("warn", "camera.waiting")
