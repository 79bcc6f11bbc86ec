"""How a device is, for whoever asks on its command line: what its agent tells, or, where none runs, what one look tells."""

import time
from pathlib import Path

from edge_agent.app.machine import build_machine
from edge_agent.config import AgentConfig, resolve
from edge_agent.core.health.chart import at_once
from edge_agent.core.health.judging import judge
from edge_agent.core.health.snapshot import Health, worst
from edge_agent.field.desk import NoAgent
from edge_agent.field.recall import ask_health
from event_contract.times import format_time


def health_of(config: AgentConfig, config_file: Path) -> Health:
    """Raises Failure where an agent runs and does not answer."""
    try:
        return ask_health(resolve(config_file, config.data_dir))
    except NoAgent:
        items = at_once(judge(build_machine(config, config_file).read(), None))
        return Health(at=format_time(time.time()), uptime_s=0.0, level=worst(item.level for item in items), items=items)
