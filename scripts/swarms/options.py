"""The swarm's command line. The standard library is enough for it: --help answers before anything is installed."""

import argparse
import os
import random
import sys
from pathlib import Path

ON_DISK_UP_TO = 200  # devices whose outboxes are files unless told: every commit of each waits for the disk
DEVICES_A_PROCESS = 2500
DESCRIPTION = """Many simulated devices, each with the agent's own outbox and delivery, through one broker into a collector.

Prints rates, latencies from the commit on the device to the collector's acknowledgement, how the devices came back after
the broker was killed, and at last: lost=<n> duplicated=<n> verdict=PASS|FAIL"""
EXAMPLES = """examples:
  ./scripts/swarm                                                     200 devices for a minute
  ./scripts/swarm --devices 5000 --minutes 10 --restart-broker-at 5   a city; the broker is killed after 5 minutes
  ./scripts/swarm --burst 5 --outage-share 0.1                        all speak at once each minute, on bad networks
  ./scripts/swarm --broker 10.0.0.5:1883 --collector http://10.0.0.6:8088 --token-file api-token

exit status: 0 PASS, 1 FAIL, 2 wrong use, 130 interrupted"""


def read(arguments: list[str]) -> argparse.Namespace:
    """Ends the program with status 2 when they are none."""
    parser = argparse.ArgumentParser(
        prog="./scripts/swarm", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
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
    read(sys.argv[1:])
