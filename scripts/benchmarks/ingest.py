"""How many events the collector makes durable in a second, and what of that the broker and the database alone would allow.

    ./scripts/bench ingest [--engines sqlite postgres] [--events N] [--rows N] [--rounds N] [--json]

In turn on the same machine, in one run: devices empty their outboxes through a real mosquitto into `collector serve`, until
everything is committed, acknowledged and deleted again there; the same devices and broker with a subscriber that does nothing;
the same rows in the same batches into the same tables by sqlite3 and by COPY. Then, at half of that load, the time from a
device's commit to a client of the alert stream; and, with --rows, what a large store costs: see city/large.py.
"""

import argparse
import json
import os
import shutil
import statistics
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

from scripts.benchmarks.city import floor, large
from scripts.benchmarks.city.devices import DEVICES, made
from scripts.benchmarks.processes import cpu_s
from scripts.drills import programs
from scripts.drills.programs import Program
from scripts.swarms.programs import mosquitto

PATIENCE_S = 300.0
SECONDS_OF_LATENCY = 10.0
BYTES_PER_ROW = 2_500  # of the database, a tenth more of it, and its log


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench ingest", description=__doc__.partition("\n")[0])
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument("--events", type=int, default=20_000, help="of one round (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=0, help="also measure a store that holds so many events")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    wanted, free = options.rows * BYTES_PER_ROW, shutil.disk_usage(tempfile.gettempdir()).free
    if free < wanted:
        parser.error(
            f"--rows {options.rows} wants {wanted / 1e9:.0f} GB at {tempfile.gettempdir()}, {free / 1e9:.0f} are free;"
            " take fewer rows, or set TMPDIR to a folder elsewhere"
        )
    folder = Path(tempfile.mkdtemp(prefix="kerbwatch-bench-"))
    try:
        result = measure(folder, options.engines, options.events, options.rounds, options.rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result) if options.as_json else "\n".join(told(result)))


def measure(folder: Path, engines: list[str], events: int, rounds: int, rows: int) -> dict[str, Any]:
    result: dict[str, Any] = {"events": events, "rounds": rounds, "devices": DEVICES, "cores": os.cpu_count(), "engines": {}}
    with database(folder, engines) as url:
        for engine in engines:
            result["engines"][engine] = {"rounds": []}
        for number in range(rounds):
            for engine in engines:
                rates = one_round(folder / f"{engine}-{number}", engine, url, events, number)
                result["engines"][engine]["rounds"].append(rates)
        for engine, of_engine in result["engines"].items():
            of_engine |= summed(of_engine["rounds"])
            rate = of_engine["durable_per_s"] / 2
            of_engine["latency_ms"] = latency(folder / f"{engine}-latency", engine, url, rate)
        if rows:
            for engine, of_engine in result["engines"].items():
                of_engine["large"] = large.measure(folder / f"{engine}-large", engine, url, rows)
                shutil.rmtree(folder / f"{engine}-large")
    return result


def one_round(folder: Path, engine: str, url: str, events: int, number: int) -> dict[str, float]:
    """The three rates, one after the other."""
    folder.mkdir()
    with broker(folder) as port, serving(folder, engine, url, port) as collector:
        before_s = cpu_s(collector.pid)
        told = run_devices(port, folder, events, 100 + number)
        used_s = cpu_s(collector.pid) - before_s
        counts = summary(collector)["messages"]
    with broker(folder) as port:
        idle_s = idle(port, folder, events, 200 + number)
    with broker(folder) as port:
        paho_s = idle(port, folder, events, 300 + number, "--paho")
    batch = max(1, round(events / counts["commits"]))
    rows = made(events, 400 + number)
    bare = floor.of_sqlite(folder, rows, batch) if engine == "sqlite" else floor.of_postgres(schema(url), rows, batch)
    durable = events / told["seconds"]
    return {
        "durable_per_s": durable,
        "broker_per_s": events / idle_s,
        "broker_to_paho_per_s": events / paho_s,
        "database_per_s": bare,
        "batch": batch,
        "ratio": durable / min(bare, events / idle_s),
        "collector_cpu_us_per_event": used_s / events * 1e6,
    }


def summed(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def latency(folder: Path, engine: str, url: str, rate: float) -> dict[str, float]:
    """From the commit in the device's outbox to the bytes at a client of the alert stream, in ms."""
    folder.mkdir()
    arrived_at_s: dict[str, float] = {}
    with broker(folder) as port, serving(folder, engine, url, port) as collector:
        threading.Thread(target=listen, args=(collector, folder, arrived_at_s), daemon=True).start()
        told = run_devices(port, folder, int(rate * SECONDS_OF_LATENCY), 500, "--rate", str(rate))
        time.sleep(1)
    times = sorted((arrived_at_s[mark] - at_s) * 1e3 for mark, at_s in told["committed_at_s"].items())
    return {"rate_per_s": rate, "p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "most": times[-1]}


def listen(collector: Program, folder: Path, arrived_at_s: dict[str, float]) -> None:
    with urllib.request.urlopen(asked(collector, folder, "alerts/stream?last_event_id=0")) as stream:
        for line in stream:
            if line.startswith(b"data: "):
                now = time.time()
                arrived_at_s.setdefault(json.loads(line[6:])["run"], now)


def run_devices(port: int, folder: Path, events: int, seed: int, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.benchmarks.city.devices", str(port), str(folder), "--events", str(events)]
    done = subprocess.run([*command, "--seed", str(seed), *options], stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def idle(port: int, folder: Path, events: int, seed: int, *options: str) -> float:
    """Seconds between the first and the last event at a subscriber that does nothing."""
    command = [sys.executable, "-m", "scripts.benchmarks.city.idle", str(port), str(events), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as subscriber:
        assert subscriber.stdout is not None and subscriber.stdout.readline() == b"ready\n"
        run_devices(port, folder, events, seed, "--confirmed")
        return float(json.loads(subscriber.stdout.read())["seconds"])


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    program = mosquitto(folder)
    try:
        yield program.port
    finally:
        program.kill()


@contextmanager
def serving(folder: Path, engine: str, url: str, port: int) -> Iterator[Program]:
    store = f'[store]\nurl = "{schema(url)}"\n' if engine == "postgres" else ""
    program = programs.collector(folder / "collector", "bench", port, store)
    program.start()
    try:
        program.wait_until_up()
        yield program
    finally:
        program.stop()


@contextmanager
def database(folder: Path, engines: list[str]) -> Iterator[str]:
    if "postgres" not in engines:
        yield ""
        return
    program, url = programs.postgres(folder / "postgres")
    program.start()
    try:
        program.wait_until_up()
        yield url
    finally:
        program.kill()


def schema(url: str) -> str:
    """The URL with a new, empty schema of its own."""
    import psycopg

    name = f"bench{time.monotonic_ns()}"
    for _ in range(100):
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"CREATE SCHEMA {name}".encode())
            break
        except psycopg.OperationalError:  # it has just begun to listen
            time.sleep(0.1)
    return f"{url}&options=-csearch_path%3D{name}"


def asked(collector: Program, folder: Path, what: str) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {(folder / 'collector' / 'api-token').read_text().strip()}"}
    return urllib.request.Request(f"http://127.0.0.1:{collector.port}/api/v1/{what}", headers=headers)


def summary(collector: Program) -> dict[str, Any]:
    with urllib.request.urlopen(asked(collector, collector.log.parent.parent, "summary")) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def told(result: dict[str, Any]) -> Iterator[str]:
    yield f"{result['events']} events of {result['devices']} devices, median of {result['rounds']}, {result['cores']} cores"
    for name, one in result["engines"].items():
        yield (
            f"{name:9} durable {one['durable_per_s']:7.0f}/s  broker alone {one['broker_per_s']:7.0f}/s (paho "
            f"{one['broker_to_paho_per_s']:.0f})  database alone {one['database_per_s']:7.0f}/s, batches of {one['batch']:.0f}"
            f"  ratio {one['ratio']:.2f}  collector {one['collector_cpu_us_per_event']:.0f} us of CPU per event"
        )
        late = one["latency_ms"]
        yield f"{'':9} commit to stream at {late['rate_per_s']:.0f}/s: p50 {late['p50']:.0f} ms, p99 {late['p99']:.0f} ms"
        yield from (f"{'':9} {line}" for line in large.told(one["large"])) if "large" in one else ()


if __name__ == "__main__":
    main()
