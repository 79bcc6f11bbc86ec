"""How soon subscribers hear of an alert while 200 devices' incidents a second come in, some of the subscribers slow or dead.

    ./scripts/bench stream [--clients N] [--rate N] [--seconds N] [--json]

Devices commit incidents, a real mosquitto hands them to `collector serve`; 200 clients of server-sent events, 10 WebSockets and
a webhook receiver hear of them. Beside them: a client that takes nothing, a receiver that never answers, one that is not there.
Times begin when the collector received the message, so the commit is part of them. Every incident is an alert, so that each
stream carries all of them. What else the machine did is told as well: how much others used of it, and how late a process woke
that only slept.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.benchmarks.city.listeners import spread
from scripts.benchmarks.ingest import broker, run_devices
from scripts.benchmarks.processes import busy_s, cpu_s
from scripts.drills import programs
from scripts.drills.programs import Program, free_port

SETTINGS = '[webhooks]\nallow_http = true\nallowed_networks = ["127.0.0.0/8"]\n'
SETTLE_S = 3.0
NAP_S = 0.01
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
        events = int(rate * seconds)
        parts = {"collector": collector.pid, "listeners": listeners.pid, "receiver": receiver.pid, "bench": os.getpid()}
        with watched(parts) as conditions:
            run_devices(mqtt_port, folder, events, 700, "--rate", str(rate), "--incidents")
        time.sleep(SETTLE_S)
        result = {"clients": clients, "rate_per_s": rate, "events": events, **conditions}
        result |= {**summed(listeners), **summed(receiver)}
    result["passed"] = passed(result)
    return result


@contextmanager
def watched(parts: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Filled at its end with what each part used of the cores, and what the machine was like meanwhile."""
    found: dict[str, Any] = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    late_s: list[float] = []
    done = threading.Event()
    sleeper = threading.Thread(target=sleep_and_wake, args=(done, late_s))
    began_s, busy_before_s = time.monotonic(), busy_s() - children_s()
    before_s = {name: cpu_s(pid) for name, pid in parts.items()}
    sleeper.start()
    yield found
    done.set()
    sleeper.join()
    lasted_s = time.monotonic() - began_s
    used = {name: (cpu_s(pid) - before_s[name]) / lasted_s for name, pid in parts.items()}
    all_used = (busy_s() - children_s() - busy_before_s) / lasted_s
    found |= {"used_cores": used, "other_cores": max(0.0, all_used - sum(used.values())), "sleeper_ms": spread(late_s)}


def sleep_and_wake(done: threading.Event, late_s: list[float]) -> None:
    while not done.is_set():
        due = time.monotonic() + NAP_S
        time.sleep(NAP_S)
        late_s.append(time.monotonic() - due)


def children_s() -> float:
    """The devices, which have ended by then."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


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
    asleep = result["sleeper_ms"]
    used = ", ".join(f"{name} {cores:.2f}" for name, cores in result["used_cores"].items())
    yield f"{result['cores']} cores ({result['machine']}), Python {result['python']}"
    yield f"cores used: {used}, others {result['other_cores']:.2f}"
    yield f"{'sleeper':10} p50 {asleep['p50']:6.0f} ms  p99 {asleep['p99']:6.0f} ms  most {asleep['most']:6.0f} ms late"
    for name, key in (("SSE", "stream_ms"), ("WebSocket", "socket_ms"), ("webhook", "post_ms")):
        one = result[key] or {"p50": float("nan"), "p99": float("nan"), "most": float("nan")}
        yield f"{name:10} p50 {one['p50']:6.0f} ms  p99 {one['p99']:6.0f} ms  most {one['most']:6.0f} ms"
    yield f"clients that missed something: {result['incomplete_clients']}; posts {result['posted']} of {result['changes']}"
    bounds = f"expected p99 of SSE <= {STREAM_P99_MS:.0f} ms, of posts <= {POST_P99_MS:.0f} ms, and all of it"
    yield "PASS" if result["passed"] else f"FAIL: {bounds}"


if __name__ == "__main__":
    main()
