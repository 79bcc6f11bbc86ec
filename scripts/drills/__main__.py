"""Drills: agents, broker, collectors and databases under faults of a seed, and a check of what became of every event.

A drill prints its seed first, then how it fares, and last: lost=<n> duplicated=<n> verdict=PASS|FAIL
"""

import argparse
import json
import random
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.drills import state
from scripts.drills.verdict import Verdict
from scripts.ending import end

DRILLS = {
    "kill": "kill -9 of agents, broker, collectors and database, again and again",
    "power": "power cuts under the outbox: un-synced writes are dropped or torn",
    "outage": "networks that fail: black holes, slow satellites, hours off and on; 100,000 events queued",
    "clock": "agents that start in 1970, three days behind, a day ahead, and are set right later",
    "disk": "a disk that fills up, and room again",
    "unwell": "cameras that fail, a child and threads that hang, a board that is slowed down, a full disk",
    "soak": "a week without network, time-scaled, or hours of plain running: memory, disk, descriptors",
}
EXAMPLES = """examples:
  ./scripts/drill kill --quick                    under a minute, 20 kills; what the tests run
  ./scripts/drill kill --seed 7 --minutes 60 --events 1000000 --kills 500
  ./scripts/drill kill --resume                   goes on where an interrupted drill stopped, with its options
  ./scripts/drill outage --help                   what a drill does, and its own options

exit status: 0 PASS, 1 FAIL, 2 wrong use, 130 interrupted"""
STATE = Path("var/drills")


def main(arguments: list[str]) -> int:
    name, drill, options = _read(arguments)
    with tempfile.TemporaryDirectory(prefix=f"drill-{name}-") as scratch:
        given = {key: value for key, value in vars(options).items() if key not in ("state", "resume", "json")}
        # Absolute: the programs of a drill each work in a folder of their own.
        folder = (options.state or (Path(scratch) if options.quick else STATE / name)).resolve()
        if options.resume:
            options.state = state.resume(folder)
            vars(options).update(options.state.notes["options"])
        else:
            options.state = state.begin(folder, given)
        print(f"seed={options.seed}", flush=True)
        try:
            verdict: Verdict = drill.run(options)
        except KeyboardInterrupt:
            print(f"\ninterrupted; go on with: ./scripts/drill {name} --resume", file=sys.stderr)
            return 130
    return _conclude(verdict, options)


def _read(arguments: list[str]) -> tuple[str, Any, argparse.Namespace]:
    """The drill's name first: only its module is loaded, and says which options it has."""
    drills = "\n".join(f"  {name:8}{line}" for name, line in DRILLS.items())
    parser = argparse.ArgumentParser(
        prog="./scripts/drill", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"drills:\n{drills}\n\n{EXAMPLES}",
    )  # fmt: skip
    parser.add_argument("name", metavar="NAME", choices=DRILLS, help=" | ".join(DRILLS))
    name = parser.parse_args(arguments[:1]).name
    drill = import_module(f"scripts.drills.{name}")
    own = argparse.ArgumentParser(
        prog=f"./scripts/drill {name}", description=drill.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    own.add_argument("--quick", action="store_true", help="a slice of at most a minute")
    own.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="the same faults again; default: a new one")
    own.add_argument("--json", action="store_true", help="the figures as one JSON object, on the line before the last")
    own.add_argument("--resume", action="store_true", help="go on where an interrupted drill stopped")
    own.add_argument("--state", type=Path, help=f"folder to work in; default {STATE / name}, with --quick one that is removed")
    drill.add_options(own)
    return name, drill, own.parse_args(arguments[1:])


def _conclude(verdict: Verdict, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps(dict(verdict.figures)))
    else:
        width = max(map(len, verdict.figures), default=0)
        for name, figure in verdict.figures.items():
            print(f"  {name:{width}}  {figure}")
    for broken in verdict.broken:
        print(f"broken: {broken}")
    print(verdict.line)
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    end("drill", main)
