"""`edge-agent run --config site.toml`."""

import logging
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_agent.cli.options import PathType
from edge_agent.core.failure import Failure

if TYPE_CHECKING:
    from edge_agent.app.live import Agent
    from edge_agent.app.status import AgentStatus

WATCH_S = 0.5
log = logging.getLogger(__name__)


@click.command("run")
@click.option("--config", "file", required=True, type=PathType, help="The site's configuration (TOML).")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def command(file: Path, quiet: bool) -> None:
    """Watch the site's cameras and send events to the collector, until Ctrl-C.

    Events wait in the outbox while broker or collector are away.
    """
    from edge_agent.app.console import console_line
    from edge_agent.app.live import Agent, AgentCrashed
    from edge_agent.config import load_config

    config = load_config(file)
    agent = Agent(config, file)
    if not quiet:
        click.echo(f"device {config.device}: {len(config.cameras)} cameras, broker {config.broker.host}:{config.broker.port}")

    def tell(text: str | None) -> None:
        if text is not None and not quiet:
            click.echo(text)

    received: list[int] = []

    def stop(number: int, frame: object) -> None:
        received.append(number)
        agent.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_watch, args=(agent, tell), daemon=True).start()
    try:
        agent.run(lambda event: tell(console_line(event)))
    except AgentCrashed as error:
        raise Failure(f"{error}; the service manager starts it again") from None
    if agent.restart_asked:
        raise Failure("a restart was asked for on the device's page; the service manager starts it again")
    for line in summary(agent.status):
        tell(line)
    if signal.SIGINT in received:
        raise KeyboardInterrupt


def _watch(agent: "Agent", tell: Callable[[str | None], None]) -> None:
    """Say it when a state changes."""
    said: dict[str, str] = {}
    pause = threading.Event()
    while not pause.wait(WATCH_S):
        now = states(agent.status)
        for name, text in now.items():
            if said.get(name) != text:
                log.info(text)
                tell(text)
        said = now


def states(status: "AgentStatus") -> dict[str, str]:
    """A line each: of the cameras, the link, and of what should be written down and is not."""
    now = {name: camera.reason or f"camera {name}: {camera.state}" for name, camera in status.cameras.items()}
    now["link"] = f"link: {status.sink.link.text}"
    if status.sink.outbox.disk_full or status.sink.unstored:
        now["outbox"] = f"outbox: the disk is full, {status.sink.unstored} events could be stored nowhere; free some room"
    if status.sink.rebuilt:
        now["rebuilt"] = f"outbox: found damaged and made anew {status.sink.rebuilt} times; the card may be failing"
    if status.unkept:
        now["views"] = f"views: not written {status.unkept} times; see whether data_dir is full or read-only"
    if unkept := status.health.measures.unkept:
        now["trends"] = f"trends: not written {unkept} times; see whether data_dir is full or read-only"
    if status.deaf:
        now["recall"] = f"capture --last: not possible: {status.deaf}"
    if status.trial:
        now["trial"] = f"the model on trial gave up: {status.trial}"
    share = status.health.measures.frame_share
    if share < 1:
        now["relief"] = f"device: unwell, {share:.0%} of the frames are looked at; see edge-agent health"
    if status.page:
        now["page"] = status.page
    return now


def summary(status: "AgentStatus") -> list[str]:
    """What became of each camera's frames."""
    return [
        f"frames of {name}: {camera.frames}, {status.dropped[name]} dropped, {status.spared[name]} without the detector"
        for name, camera in status.cameras.items()
    ]
