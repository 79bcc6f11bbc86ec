"""How soon subscribers hear of an alert while 200 devices' incidents a second come in, some of the subscribers slow or dead.

    ./scripts/bench stream [--clients N] [--rate N] [--seconds N] [--json]

Devices commit incidents, a real mosquitto hands them to `collector serve`; 200 clients of server-sent events, 10 WebSockets and
a webhook receiver hear of them. Beside them: a client that takes nothing, a receiver that never answers, one that is not there.
Times begin when the collector received the message, so the commit is part of them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.benchmarks.ingest import broker, run_devices
from scripts.benchmarks.processes import cpu_s
from scripts.drills import programs
from scripts.drills.programs import Program, free_port

SETTINGS = '[webhooks]\nallow_http = true\nallowed_networks = ["127.0.0.0/8"]\n'
SETTLE_S = 3.0
STREAM_P99_MS, POST_P99_MS = 100.0, 2000.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench stream", description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rate", type=float, default=200.0, help="events a second (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kerbwatch-bench-"))
    try:
        result = measure(folder, options.clients, options.rate, options.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result) if options.as_json else "\n".join(told(result)))
    sys.exit(0 if result["passed"] else 1)


def measure(folder: Path, clients: int, rate: float, seconds: float) -> dict[str, Any]:
    with broker(folder) as port:
        collector = programs.collector(folder / "collector", "bench", port, SETTINGS)
        collector.start()
        try:
            collector.wait_until_up()
            return heard(folder, collector, port, clients, rate, seconds)
        finally:
            collector.stop()


def heard(folder: Path, collector: Program, mqtt_port: int, clients: int, rate: float, seconds: float) -> dict[str, Any]:
    token_file = folder / "collector" / "api-token"
    options = (str(collector.port), str(token_file), "--clients", str(clients))
    with listening("receiver") as (receiver, told_receiver), listening("listeners", *options) as (listeners, _):
        receivers = f"http://127.0.0.1:{told_receiver[0]}"
        for name, url in (("quick", receivers), ("slow", receivers), ("dead", f"http://127.0.0.1:{free_port()}")):
            subscribe(collector, token_file, {"name": name, "url": f"{url}/{name}"})
        events, before_s = int(rate * seconds), [cpu_s(pid) for pid in (collector.pid, listeners.pid)]
        run_devices(mqtt_port, folder, events, 700, "--rate", str(rate), "--incidents")
        used = [(cpu_s(pid) - at_s) / seconds for pid, at_s in zip((collector.pid, listeners.pid), before_s, strict=True)]
        time.sleep(SETTLE_S)
        result = {"clients": clients, "rate_per_s": rate, "events": events, "cores": os.cpu_count(), "load": os.getloadavg()[0]}
        result |= {"collector_cores": used[0], "listeners_cores": used[1], **summed(listeners), **summed(receiver)}
    result["passed"] = passed(result)
    return result


@contextmanager
def listening(module: str, *options: str) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """The process and what it said when it was ready."""
    command = [sys.executable, "-m", f"scripts.benchmarks.city.{module}", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        ready, *said = process.stdout.readline().split() or [""]
        assert ready == "ready", f"{module} did not start"
        yield process, said
        process.stdin.close()


def summed(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told


def passed(result: dict[str, Any]) -> bool:
    complete = result["incomplete_clients"] == 0 and result["posted"] == result["changes"] >= result["events"]
    return complete and result["stream_ms"]["p99"] <= STREAM_P99_MS and result["post_ms"]["p99"] <= POST_P99_MS


def subscribe(collector: Program, token_file: Path, wish: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {token_file.read_text().strip()}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{collector.port}/api/v1/subscriptions"
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(wish).encode(), headers)).close()


def told(result: dict[str, Any]) -> Iterator[str]:
    yield f"{result['changes']} changes at {result['rate_per_s']:.0f}/s to {result['clients']} clients"
    cores = f"collector {result['collector_cores']:.2f}, listeners {result['listeners_cores']:.2f}"
    yield f"cores used: {cores}, of {result['cores']} with a load of {result['load']:.0f}"
    for name, key in (("SSE", "stream_ms"), ("WebSocket", "socket_ms"), ("webhook", "post_ms")):
        one = result[key] or {"p50": float("nan"), "p99": float("nan"), "most": float("nan")}
        yield f"{name:10} p50 {one['p50']:6.0f} ms  p99 {one['p99']:6.0f} ms  most {one['most']:6.0f} ms"
    yield f"clients that missed something: {result['incomplete_clients']}; posts {result['posted']} of {result['changes']}"
    bounds = f"expected p99 of SSE <= {STREAM_P99_MS:.0f} ms, of posts <= {POST_P99_MS:.0f} ms, and all of it"
    yield "PASS" if result["passed"] else f"FAIL: {bounds}"


if __name__ == "__main__":
    main()
