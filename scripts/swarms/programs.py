"""The broker and the collector that a swarm starts for itself, on free ports of this machine; both may be killed."""

import shutil
from pathlib import Path

from collector.broker.mosquitto import CONF, Mosquitto, render
from scripts.drills.programs import CannotStart, Program, free_port
from scripts.drills.programs import collector as collector_program

OF_TLS = ("listener", "cafile", "certfile", "keyfile", "require_", "use_", "allow_", "acl_file", "tls_version", "ciphers")


def mosquitto(folder: Path) -> Program:
    """Up, with the limits of the configuration that is shipped, without its certificates and access rules."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise CannotStart("mosquitto is not there; on Debian: apt-get install mosquitto, or name a broker with --broker")
    port = free_port()
    shipped = next(text for path, text in render(Mosquitto(folder)).items() if path.name == CONF)
    limits = [line for line in shipped.splitlines() if not line.startswith(OF_TLS)]
    conf = folder / CONF
    conf.write_text("\n".join([f"listener {port} 127.0.0.1", *limits, "allow_anonymous true", ""]))
    return up(Program("broker", [program, "-c", conf], folder / "mosquitto.log", port))


def collector(folder: Path, broker: tuple[str, int]) -> Program:
    """Up when its API answers; its link to the broker follows. Its database lies in `folder`."""
    settings = f'[broker]\nhost = "{broker[0]}"\nport = {broker[1]}\nplaintext = true\n'
    return up(collector_program(folder, "collector-1", broker[1], settings))


def up(program: Program) -> Program:
    """Started, and answering when it returns."""
    program.start()
    program.wait_until_up()
    return program
