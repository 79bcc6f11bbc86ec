"""The demo's command line. The standard library is enough for it: --help answers before anything is installed."""

import argparse
from pathlib import Path

IOC_LEAST_S = 30.0  # then all of it can be seen
DESCRIPTION = "The whole chain on one box: broker, collector, and an agent that watches simulated roads or a clip."
EXAMPLES = """examples:
  ./scripts/demo                                         two simulated roads, until Ctrl-C, with a console to look at
  ./scripts/demo --headless --seconds 90                 exit 1 unless every staged incident arrives
  ./scripts/demo --ioc                                   a crash, and who in an operations centre hears of it
  ./scripts/demo --ioc --headless --seconds 120          exit 1 unless everybody has seen all of it
  ./scripts/demo road.mp4 --scene road.json              until Ctrl-C, with a console to look at
  ./scripts/demo road.mp4 --scene road.json --reverse    the clip backwards: everyone drives the wrong way
  ./scripts/demo road.mp4 --scene road.json --headless --seconds 60
"""


def parse() -> argparse.Namespace:
    """Ends the program with status 2 when they are none."""
    parser = argparse.ArgumentParser(
        prog="./scripts/demo", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path, help="video of a road, played again and again; default: a simulated one")
    parser.add_argument("--scene", type=Path, help="the clip's scene file")
    parser.add_argument("--reverse", action="store_true", help="play the clip backwards")
    parser.add_argument("--ioc", action="store_true", help="stage a crash; tell who in an operations centre hears of it, when")
    parser.add_argument("--json", dest="as_json", action="store_true", help="with --ioc: the last line is a JSON document")
    parser.add_argument("--headless", action="store_true", help="for programs: ends after 60 s, simulated 90 s")
    parser.add_argument("--seconds", type=float, help="stop after so long; default: Ctrl-C")
    parser.add_argument("--fps", type=float, default=10, help="frames a second that are looked at; default 10")
    parser.add_argument("--lang", choices=("vi", "en"), help="language of the alerts")
    parser.add_argument("--keep", type=Path, help="keep the demo's files in this folder")
    options = parser.parse_args()
    if (options.clip is None) != (options.scene is None):
        parser.error("a CLIP needs its --scene, and a --scene its CLIP; without both the roads are simulated")
    if options.reverse and options.clip is None:
        parser.error("--reverse: a simulated road cannot run backwards; somebody drives the wrong way on it anyway")
    if options.ioc and (options.clip or (options.seconds and options.seconds < IOC_LEAST_S)):
        parser.error(f"--ioc stages a crash of its own, without a CLIP, and takes at least {IOC_LEAST_S:g} seconds")
    if options.as_json and not options.ioc:
        parser.error("--json needs --ioc; without it the last line is for programs: alerts=<n> events=<n> lost=<n>")
    if options.fps <= 0 or (options.seconds is not None and options.seconds <= 0):
        parser.error("--fps and --seconds must be greater than 0")
    for path in filter(None, (options.clip, options.scene)):
        if not path.is_file():
            parser.error(f"{path}: no such file")
    if options.headless and options.seconds is None:
        options.seconds = 60.0 if options.clip else 90.0
    return options


if __name__ == "__main__":
    parse()
