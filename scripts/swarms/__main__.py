"""Many simulated devices, each with the agent's own outbox and delivery, through one broker into a collector.

Prints rates, latencies from the commit on the device to the collector's acknowledgement, how the devices came back after
the broker was killed, and at last: lost=<n> duplicated=<n> verdict=PASS|FAIL
"""

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

from collector.store.engines.sqlite import DATABASE
from edge_agent.config import BrokerConfig
from edge_agent.core.failure import Failure, WrongInput
from scripts.drills.verdict import Verdict
from scripts.swarms import programs, stored
from scripts.swarms.conductor import Plan, conduct
from scripts.swarms.figures import judged
from scripts.swarms.processes import Swarm
from scripts.swarms.traffic import Outages, Pattern
from scripts.swarms.worker import Share, files_needed, raise_file_limit

ON_DISK_UP_TO = 200  # devices whose outboxes are files unless told: every commit of each waits for the disk
DEVICES_A_PROCESS = 2500
EXAMPLES = """examples:
  ./scripts/swarm                                                     200 devices for a minute
  ./scripts/swarm --devices 5000 --minutes 10 --restart-broker-at 5   a city; the broker is killed after 5 minutes
  ./scripts/swarm --burst 5 --outage-share 0.1                        all speak at once each minute, on bad networks
  ./scripts/swarm --broker 10.0.0.5:1883 --collector http://10.0.0.6:8088 --token-file api-token

exit status: 0 PASS, 1 FAIL, 2 wrong use, 130 interrupted"""


def main(arguments: list[str]) -> int:
    options = _read(arguments)
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


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/swarm", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=1.0, help="of traffic, after all have come up")
    parser.add_argument("--every", type=float, default=10.0, metavar="S", help="an event of each device every so many seconds")
    parser.add_argument("--burst", type=int, default=0, help="events that every device adds at the same moment")
    parser.add_argument("--burst-every", type=float, default=60.0, metavar="S")
    parser.add_argument("--outage-share", type=float, default=0.0, help="share of the time that a device has no network")
    parser.add_argument("--outage-s", type=float, default=30.0, metavar="S", help="how long that lasts, on average")
    parser.add_argument("--restart-broker-at", type=float, action="append", default=[], metavar="MIN", help="kill -9")
    parser.add_argument("--restart-collector-at", type=float, action="append", default=[], metavar="MIN")
    parser.add_argument("--first-wait", type=float, default=15.0, metavar="S", help="of the back-off; the agent's own is 15 s")
    parser.add_argument("--longest-wait", type=float, default=120.0, metavar="S", help="the agent's own is 120 s")
    parser.add_argument("--keep-alive", type=int, default=15, metavar="S", help="the agent's own is 15 s")
    parser.add_argument("--ramp", type=float, metavar="S", help="all come up within so long; default: 200 a second")
    parser.add_argument("--processes", type=int, help=f"default: one for each {DEVICES_A_PROCESS} devices")
    parser.add_argument(
        "--outbox", choices=("auto", "file", "memory"), default="auto",
        help=f"file: durable, as on a device; memory: SQLite without the disk; auto: file up to {ON_DISK_UP_TO} devices",
    )  # fmt: skip
    parser.add_argument("--broker", metavar="HOST:PORT", help="one that runs already, without TLS; default: an own mosquitto")
    parser.add_argument("--collector", metavar="URL", help="one that runs already, behind the same broker; default: an own")
    parser.add_argument("--token-file", type=Path, default=Path("var/collector/api-token"), help="of that collector's API")
    parser.add_argument("--folder", type=Path, help="where temporary files go; default: the system's")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object, on the line before the last")
    options = parser.parse_args(arguments)
    if options.devices < 1 or options.every <= 0 or not 0 <= options.outage_share < 1:
        parser.error("--devices >= 1, --every > 0 and 0 <= --outage-share < 1 are expected")
    if options.collector and not options.broker:
        parser.error("--collector needs --broker: an own broker is not the one that it listens to")
    if (options.broker and options.restart_broker_at) or (options.collector and options.restart_collector_at):
        parser.error("only what the swarm has started itself can be restarted by it")
    if options.outbox == "auto":
        options.outbox = "file" if options.devices <= ON_DISK_UP_TO else "memory"
    options.processes = options.processes or min(os.cpu_count() or 1, -(-options.devices // DEVICES_A_PROCESS))
    options.ramp = options.devices / 200 if options.ramp is None else options.ramp
    return options


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as error:
        print(f"swarm: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
