"""The device's page as its administrator sets it up, beside a running agent or before its first start."""

from dataclasses import dataclass
from pathlib import Path

from edge_agent.app.announcement import serves_itself_alone
from edge_agent.app.page import WEB_FOLDER
from edge_agent.app.paths import made
from edge_agent.config import AgentConfig, WebConfig, load_config, resolve
from edge_agent.core.failure import WrongInput
from edge_agent.core.finding import Finding
from edge_agent.web.accounts import Accounts
from edge_agent.web.audit import Audit, Entry
from edge_agent.web.certificate import ensured, fingerprint


@dataclass(frozen=True, slots=True)
class PageFacts:
    """`announced`: the local network is told of it while the agent runs."""

    address: str
    listens: str
    users: list[str]
    fingerprint: str
    announced: bool


def set_password(file: Path, user: str, password: str) -> None:
    """Raises ConfigError, WrongInput, OSError. A running agent knows it from the next request on."""
    _, _, folder = _page(file)
    Accounts(folder).set_password(user, password)


def remove(file: Path, user: str) -> None:
    """His sessions are over with the next request. Raises ConfigError, WrongInput, OSError."""
    _, _, folder = _page(file)
    Accounts(folder).remove(user)


def deeds(file: Path, limit: int) -> list[Entry]:
    """Who did what on the page, the newest first. Raises ConfigError, WrongInput."""
    _, _, folder = _page(file)
    return Audit(folder).newest(limit)


def look(file: Path) -> PageFacts:
    """Makes the certificate where there is none yet. Raises ConfigError, WrongInput, OSError."""
    config, web, folder = _page(file)
    shown = fingerprint(ensured(folder, config.device, web.names))
    announced = web.announce and not serves_itself_alone(web.host)
    address, listens = f"https://{config.device}.local:{web.port}/", f"{web.host}:{web.port}"
    return PageFacts(address, listens, Accounts(folder).names(), shown, announced)


def look_at_page(web: WebConfig, data_dir: Path) -> Finding:
    """For the doctor."""
    users = Accounts(data_dir / WEB_FOLDER).names()
    if not users:
        return Finding("page", "warn", "nobody can log in to it: there is no password yet", "edge-agent web password")
    near = ", reached from this machine only" if serves_itself_alone(web.host) else ""
    return Finding("page", "ok", f"at {web.host}:{web.port}{near}; users: {', '.join(users)}")


def _page(file: Path) -> tuple[AgentConfig, WebConfig, Path]:
    config = load_config(file)
    if config.web is None:
        raise WrongInput(f"{file}: there is no [web]: the device serves no page; add the table")
    return config, config.web, made(resolve(file, config.data_dir)) / WEB_FOLDER
