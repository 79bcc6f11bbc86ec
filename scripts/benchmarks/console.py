"""Is the console quick with 10,000 open alerts of 500 devices? The list's answers, the first paint, and scrolling through it.

    ./scripts/bench console [--alerts N] [--devices N] [--json]

Devices tell their incidents to a real broker and `collector serve`; headless Chromium opens the console and turns the wheel.
The longest frame is the longest time between two pictures, as the page itself sees it.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Browser, Page, sync_playwright

from event_contract import topics
from event_contract.kinds import INCIDENT_KINDS, EventClass
from event_contract.messages import (
    Body,
    Clock,
    CloudEvent,
    IncidentData,
    LaneMinute,
    RoadUserData,
    TrafficMinuteData,
    encode,
    event_type,
    message_id,
    source,
)
from event_contract.times import format_time
from scripts.benchmarks.city import devices as city
from scripts.benchmarks.city.connection import Connection
from scripts.benchmarks.city.devices import Waiting
from scripts.benchmarks.ingest import broker
from scripts.drills import programs
from scripts.drills.programs import Program

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
KINDS = ("wrong_way", "stopped_vehicle", "pedestrian", "congestion", "slow_vehicle", "speeding", "illegal_parking", "flood")
SPAN_S = 500.0  # within the ten minutes after which an incident is late
CLOCK = Clock(mono_s=100.0, boot="b0074b1d", synced=True)
DESK = {"width": 1440, "height": 900}
PER_PAGE = 500  # as the console asks
ROUNDS = 5  # through all pages, and of first paints
TURNS, TURN_PX = 120, 900  # of the wheel: about as fast as a hand
PATIENCE_MS = 60_000
LIST_P95_MS, PAINT_MS, FRAME_MS = 200.0, 1000.0, 100.0

FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
WATCH_FRAMES = """() => {
  window.frames_ms = [];
  let last = performance.now();
  const next = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench console", description=__doc__.partition("\n")[0])
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kerbwatch-bench-"))
    try:
        result = measure(folder, options.alerts, options.devices)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result) if options.as_json else "\n".join(told(result)))
    sys.exit(0 if result["passed"] else 1)


def measure(folder: Path, alerts: int, devices: int) -> dict[str, Any]:
    with broker(folder) as port:
        collector = programs.collector(folder / "collector", "bench", port)
        collector.start()
        try:
            collector.wait_until_up()
            tell(port, folder, [*incidents(alerts, devices), *minutes(devices)])
            token = (folder / "collector" / "api-token").read_text().strip()
            result = {"alerts": alerts, "devices": devices, "cores": os.cpu_count(), "load": os.getloadavg()[0]}
            result |= {"list_ms": answers_ms(collector, token), **seen(collector, token, alerts)}
        finally:
            collector.stop()
    result["passed"] = passed(result)
    return result


def incidents(number: int, devices: int) -> Iterator[Waiting]:
    """Open ones, of all severities, spread over all devices; each began some seconds before the one told before it."""
    for n in range(number):
        kind, began = KINDS[n % len(KINDS)], format_time(time.time() - SPAN_S * n / number)
        body = IncidentData(
            kind=kind, phase="new", revision=1, incident=f"bench/north/{n}", run="bench", camera="north", lane=str(n % 3 + 1),
            severity=INCIDENT_KINDS[kind].severity, confidence=0.9, started_at=began, updated_at=began, clock=CLOCK,
            box=(0.41, 0.52, 0.47, 0.61), road_users=(RoadUserData(cls="motorcycle", speed_kmh=31.4, speed_se_kmh=1.8),),
        )  # fmt: skip
        yield waiting(n % devices, "incident", n // devices + 1, kind, body)


def minutes(devices: int) -> Iterator[Waiting]:
    lane = LaneMinute(lane="1", counts={"motorcycle": 31, "car": 7}, mean_kmh=38.4, speed_se_kmh=1.2, occupancy=0.2)
    began = format_time(time.time() - 70)
    for n in range(devices):
        body = TrafficMinuteData(run="bench", camera="north", from_=began, lanes=(lane,) * 3, clock=CLOCK)
        yield waiting(n, "state", 1, "traffic_minute", body)


def waiting(device_n: int, event_class: EventClass, seq: int, kind: str, body: Body) -> Waiting:
    device = f"city-{device_n:04}"
    stream = f"71000000-0000-4000-8000-{device}-{event_class}"
    event = CloudEvent(
        id=message_id(stream, seq),
        source=source(device),
        type=event_type(event_class, kind),
        time=format_time(time.time()),
        data=msgspec.Raw(encode(body)),
    )
    return Waiting(device, stream, seq, kind, event_class, encode(event))


def tell(port: int, folder: Path, events: list[Waiting]) -> None:
    """Until all of it is in the store."""
    connection = Connection(port, "devices-71", (topics.ack("+"), topics.COLLECTORS_STATUS))
    city.wait_for_collector(connection)
    city.introduce(connection, events)
    city.deliver(connection, city.Outbox(folder / "outbox.sqlite"), events, None, False)


def answers_ms(collector: Program, token: str) -> dict[str, float]:
    """Of all pages of the open alerts."""
    took_ms = []
    for _ in range(ROUNDS):
        before = None
        while True:
            path = f"/api/v1/alerts?state=open&limit={PER_PAGE}" + (f"&before={before}" if before else "")
            request = urllib.request.Request(f"{url(collector)}{path}", headers={"Authorization": f"Bearer {token}"})
            began = time.perf_counter()
            with urllib.request.urlopen(request, timeout=30) as answer:
                content = answer.read()
            took_ms.append(1000 * (time.perf_counter() - began))
            before = json.loads(content)["next"]
            if before is None:
                break
    took_ms.sort()
    return {"p50": took_ms[len(took_ms) // 2], "p95": took_ms[int(0.95 * len(took_ms))], "most": took_ms[-1]}


def seen(collector: Program, token: str, alerts: int) -> dict[str, Any]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("bench: no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        paints_ms = []
        for _ in range(ROUNDS):
            page = opened(browser, collector, token)
            page.wait_for_function(FIRST_PAINT, timeout=PATIENCE_MS)
            paints_ms.append(page.evaluate(FIRST_PAINT))
            if len(paints_ms) < ROUNDS:
                page.context.close()
        all_there = "n => Number(document.getElementById('open-total')?.textContent.replace(/\\D/g, '')) >= n"
        page.wait_for_function(all_there, arg=alerts, timeout=PATIENCE_MS)
        frames_ms, lines = scrolled(page)
        browser.close()
    return {"paint_ms": sorted(paints_ms), "frames": len(frames_ms), "frame_ms": max(frames_ms), "lines_seen": lines}


def opened(browser: Browser, collector: Program, token: str) -> Page:
    headers = {"Authorization": f"Bearer {token}"}
    page = browser.new_context(base_url=url(collector), viewport=DESK, extra_http_headers=headers).new_page()
    page.goto("/", wait_until="commit")
    return page


def scrolled(page: Page) -> tuple[list[float], int]:
    """The times between frames while the wheel is turned, then from one end to the other; how many alerts came by."""
    page.locator("#open > li").first.hover()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH_FRAMES)
    lines = set()
    for turn in range(TURNS):
        page.mouse.wheel(0, TURN_PX if turn < TURNS * 2 // 3 else -TURN_PX)
        lines |= set(page.evaluate("() => [...document.querySelectorAll('#open > li')].map(({ dataset }) => dataset.id)"))
    for share in (1, 0, 0.5):
        page.locator(".alerts").evaluate("(list, share) => { list.scrollTop = share * list.scrollHeight; }", share)
        page.wait_for_timeout(300)
    return page.evaluate("window.frames_ms"), len(lines)


def url(collector: Program) -> str:
    return f"http://127.0.0.1:{collector.port}"


def passed(result: dict[str, Any]) -> bool:
    quick = result["list_ms"]["p95"] <= LIST_P95_MS and result["paint_ms"][-1] <= PAINT_MS
    return quick and result["frame_ms"] <= FRAME_MS and result["lines_seen"] > TURNS


def told(result: dict[str, Any]) -> Iterator[str]:
    yield f"{result['alerts']} alerts, {result['devices']} devices; {result['cores']} cores with a load of {result['load']:.0f}"
    answer = result["list_ms"]
    yield f"list, {PER_PAGE} a page   p50 {answer['p50']:5.0f} ms  p95 {answer['p95']:5.0f} ms  most {answer['most']:5.0f} ms"
    yield f"first paint        least {result['paint_ms'][0]:5.0f} ms  most {result['paint_ms'][-1]:5.0f} ms"
    yield f"scrolling          {result['frames']} frames, {result['lines_seen']} alerts, longest {result['frame_ms']:.0f} ms"
    bounds = f"list p95 <= {LIST_P95_MS:.0f} ms, first paint <= {PAINT_MS:.0f} ms, no frame over {FRAME_MS:.0f} ms"
    yield "PASS" if result["passed"] else f"FAIL: {bounds}"


if __name__ == "__main__":
    main()
