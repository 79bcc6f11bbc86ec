"""What is wrong with this site, and what to do about it: everything that the agent needs is looked at once, beside it."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from edge_agent.app.camera_doctor import Look, look_at_camera
from edge_agent.app.detecting import build_detector
from edge_agent.app.live import OUTBOX_FILE
from edge_agent.app.machine import build_machine
from edge_agent.app.page_setup import look_at_page
from edge_agent.app.paths import resolved_broker, resolved_detector
from edge_agent.config import AgentConfig, load_config, resolve
from edge_agent.core.failure import Failure
from edge_agent.core.finding import Finding, Verdict
from edge_agent.core.health.chart import at_once
from edge_agent.core.health.judging import of_machine
from edge_agent.core.health.reading import MachineReading
from edge_agent.core.health.snapshot import Item, Level
from edge_agent.core.health.words import SAID, TODO, in_figures
from edge_agent.core.types import Detections
from edge_agent.detectors.catalogue import ModelError
from edge_agent.detectors.detector import OnnxDetector
from edge_agent.field.machine import look_at_folder
from edge_agent.field.still import check_name
from edge_agent.sinks.clock import boot_id, read_clock
from edge_agent.sinks.probe import is_held, join_broker, reach_broker, waiting

BUSY = 0.8  # of the time the detector may work; what more is asked for is dropped
MANY_WAITING = 10_000
VERDICTS: dict[Level, Verdict] = {"ok": "ok", "warn": "warn", "bad": "fail"}
Tell = Callable[[Finding], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`camera`: only this one; `picture`: where its annotated still goes."""

    camera: str | None = None
    picture: Path | None = None


def look_at_site(file: Path, wanted: Wanted, tell: Tell) -> bool:
    """Tell every finding as it comes; False when one fails. Raises ConfigError, and WrongInput for a camera that is none."""
    config = load_config(file)
    names = [camera.name for camera in config.cameras]
    if wanted.camera is not None and wanted.camera not in names:
        raise Failure(f"--camera {wanted.camera}: is none of {', '.join(names)}")
    if wanted.picture is not None:
        check_name(wanted.picture)
    well = True
    for finding in _findings(config, file, wanted):
        tell(finding)
        well &= finding.verdict != "fail"
    return well


def _findings(config: AgentConfig, file: Path, wanted: Wanted) -> Iterator[Finding]:
    yield Finding("configuration", "ok", f"{file}: device {config.device}, {len(config.cameras)} cameras")
    data_dir = resolve(file, config.data_dir)
    held = is_held(data_dir / OUTBOX_FILE)
    yield look_at_folder(data_dir, config.outbox.max_bytes)
    yield _outbox(data_dir / OUTBOX_FILE, held)
    yield _clock()
    yield from of_machine_found(build_machine(config, file).read())
    if config.web is not None:
        yield look_at_page(config.web, data_dir)
    yield _broker(config, file, held)
    detector = None
    try:
        detector = build_detector(resolved_detector(config.detector, file))
        yield Finding("model", "ok", f"{detector.model.name}: SHA-256 {detector.model.sha256[:12]}... as it should be")
    except ModelError as error:
        yield Finding("model", "fail", str(error), "edge-agent models list")
    took_s: list[float] = []
    for camera in config.cameras:
        if wanted.camera in (None, camera.name):
            look = _timed(detector, took_s) if detector is not None else None
            yield from look_at_camera(camera, file, data_dir, held, detector, look, _picture_of(wanted, camera.name, config))
    if took_s:
        yield _pace(median(took_s), sum(camera.fps for camera in config.cameras))


def of_machine_found(reading: MachineReading) -> list[Finding]:
    """What the device tells of itself; room on the disk is `look_at_folder`'s, which knows how much is needed."""
    items = [item for item in at_once(of_machine(reading)) if item.id != "disk"]
    return [Finding(item.id, VERDICTS[item.level], _said(item), TODO[item.todo].en if item.todo else "") for item in items]


def _said(item: Item) -> str:
    return f"{SAID[item.said].en}{'' if item.value is None else f', {in_figures(item.value, item.unit)}'}"


def _picture_of(wanted: Wanted, camera: str, config: AgentConfig) -> Path | None:
    """One file per camera, where there are several: seen.jpg -> seen-north.jpg."""
    path = wanted.picture
    if path is None or wanted.camera is not None or len(config.cameras) == 1:
        return path
    return path.with_name(f"{path.stem}-{camera}{path.suffix}")


def _timed(detector: OnnxDetector, took_s: list[float]) -> Look:
    """`detect`, and how long it took each time."""

    def look(pixels: NDArray[np.uint8]) -> Detections:
        began_s = time.monotonic()
        found = detector.detect(pixels)
        took_s.append(time.monotonic() - began_s)
        return found

    return look


def _pace(took_s: float, asked_fps: float) -> Finding:
    said = f"{took_s * 1000:.0f} ms a frame, {asked_fps:g} frames a second asked for by all cameras"
    if took_s * asked_fps > 1:
        dropped = 1 - 1 / (took_s * asked_fps)
        return Finding("detector", "warn", said, f"about {dropped:.0%} will be dropped: lower fps, or take a smaller model")
    if took_s * asked_fps > BUSY:
        return Finding("detector", "warn", said, "this is all that the machine can do: lower fps, or take a smaller model")
    return Finding("detector", "ok", said)


def _outbox(path: Path, held: bool) -> Finding:
    if not path.exists():
        return Finding("outbox", "ok", "none yet; the agent makes it at its first start")
    try:
        count = waiting(path, held)
    except sqlite3.Error as error:
        return Finding("outbox", "warn", f"{path}: {error}", "start the agent: it mends it, or moves it away and says so")
    said = f"{count} messages wait for the collector; {'an agent runs on it' if held else 'no agent runs on it'}"
    if count > MANY_WAITING:
        return Finding("outbox", "warn", said, "see whether broker and collector are up")
    return Finding("outbox", "ok", said)


def _clock() -> Finding:
    clock = read_clock(boot_id())
    if clock.synced:
        return Finding("clock", "ok", f"synchronised, within {clock.error_ms or 0:.0f} ms")
    return Finding("clock", "warn", "not synchronised: events are marked so", "install chrony, or see to its time servers")


def _broker(config: AgentConfig, file: Path, held: bool) -> Finding:
    broker = resolved_broker(config.broker, file)
    where = f"{broker.host}:{broker.port}"
    refused = reach_broker(broker)
    if refused is None and not held:
        refused = join_broker(broker, config.device)
    if refused is not None:
        return Finding("broker", "fail", refused.partition("; ")[0], refused.partition("; ")[2])
    how = "reached; an agent is connected there, so no more was tried" if held else "takes this device's MQTT connection"
    return Finding("broker", "ok", f"{where} {how}{', with TLS' if broker.ca else ''}")
