"""The machine of a site, as its configuration names what to look at."""

from pathlib import Path

from edge_agent.app.paths import resolved_broker
from edge_agent.config import AgentConfig, resolve
from edge_agent.health.board import find_board
from edge_agent.health.machine import Machine


def build_machine(config: AgentConfig, config_file: Path) -> Machine:
    certificate = resolved_broker(config.broker, config_file).cert
    return Machine(find_board(), resolve(config_file, config.data_dir), None if certificate is None else Path(certificate))
