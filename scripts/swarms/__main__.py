"""Simulated devices, each with the agent's own outbox and delivery, through one broker into a collector: see options.py."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

from collector.store.engines.sqlite import DATABASE
from edge_agent.config import BrokerConfig
from edge_agent.core.failure import WrongInput
from scripts.drills.verdict import Verdict
from scripts.ending import end
from scripts.swarms import programs, stored
from scripts.swarms.conductor import Plan, conduct
from scripts.swarms.figures import judged
from scripts.swarms.options import read
from scripts.swarms.processes import Swarm
from scripts.swarms.traffic import Outages, Pattern
from scripts.swarms.worker import Share, files_needed, raise_file_limit


def main(arguments: list[str]) -> int:
    options = read(arguments)
    print(f"seed={options.seed}", flush=True)
    _check_files(options)
    if options.collector:
        stored.by_api(options.collector, _token(options), [])  # that it answers, before all the work
    try:
        verdict = _run(options)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    if options.json:
        print(json.dumps({**verdict.figures, "broken": verdict.broken}))
    else:
        for name, figure in verdict.figures.items():
            print(f"  {name:32} {figure}")
    for broken in verdict.broken:
        print(f"broken: {broken}")
    print(verdict.line)
    return 0 if verdict.passed else 1


def _run(options: argparse.Namespace) -> Verdict:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="swarm-", dir=options.folder)))
        broker = None if options.broker else programs.mosquitto(folder)
        if broker:
            stack.callback(broker.kill)
        where = _address(options.broker) if options.broker else ("127.0.0.1", (broker and broker.port) or 0)
        collector = None if options.collector else programs.collector(folder / "collector", where)
        if collector:
            stack.callback(collector.stop)
        link = BrokerConfig(
            host=where[0], port=where[1], plaintext=True, keepalive_s=options.keep_alive,
            first_wait_s=options.first_wait, max_wait_s=options.longest_wait,
        )  # fmt: skip
        plan = Plan(
            options.devices, options.minutes * 60, options.ramp, link,
            tuple(60 * at for at in options.restart_broker_at), tuple(60 * at for at in options.restart_collector_at),
        )  # fmt: skip
        swarm = stack.enter_context(closing(Swarm(_shares(options, link, folder))))
        course = conduct(swarm, plan, broker, collector, _teller(options))
        swarm.close()
        if collector:
            collector.stop()
            found = stored.in_database(folder / "collector" / DATABASE, course.histories)
        else:
            found = stored.by_api(options.collector, _token(options), course.histories)
    return judged(plan, swarm.seen, course, found, {"outboxes": options.outbox, "seed": options.seed})


def _shares(options: argparse.Namespace, broker: BrokerConfig, folder: Path) -> list[Share]:
    names = [f"swarm-{options.seed}-{number:05}" for number in range(options.devices)]
    pattern = Pattern(options.every, options.burst, options.burst_every)
    outages = Outages(options.outage_share, options.outage_s)
    on_disk = folder / "outboxes" if options.outbox == "file" else None
    return [
        Share(tuple(names[n :: options.processes]), broker, pattern, outages, options.seed, options.ramp, on_disk)
        for n in range(options.processes)
    ]


def _token(options: argparse.Namespace) -> str:
    try:
        return str(options.token_file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInput(f"--token-file {options.token_file}: {error}; name the api-token of that collector") from error


def _check_files(options: argparse.Namespace) -> None:
    """Raises WrongInput where the system lets a process open too few files."""
    a_process = files_needed(-(-options.devices // options.processes), on_disk=options.outbox == "file")
    wanted = max(a_process, files_needed(options.devices, on_disk=False))  # the broker's, which inherits the limit
    if (limit := raise_file_limit(wanted)) < wanted:
        raise WrongInput(f"{options.devices} devices need {wanted} open files, the hard limit is {limit}: ulimit -Hn {wanted}")


def _teller(options: argparse.Namespace) -> Callable[[str], None]:
    """One line that is written over on a terminal; nothing for a program."""
    if options.json or not sys.stderr.isatty():
        return lambda line: None
    return lambda line: print(f"\r{line}\033[K", end="", file=sys.stderr, flush=True)


def _address(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "127.0.0.1", parts.port or 1883


if __name__ == "__main__":
    end("swarm", main)
