"""Is a device online? Births and wills, which can arrive in the wrong order, in; the newest truth out."""

from dataclasses import dataclass, replace

from event_contract.messages import Birth, Will

RUNS_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Presence:
    """`since` in Unix seconds; `runs` are the runs heard of, oldest first, the newest birth's last."""

    online: bool
    since: float
    run: str
    connection: int
    runs: tuple[str, ...]


def hear(known: Presence | None, message: Birth | Will, at: float) -> Presence | None:
    """The new presence, or None when the message is older than what is known and says nothing.

    A run's connections are counted; runs themselves are random names, so a will of a run heard of before the newest birth
    is old, and one of a run never heard of tells of a birth that passed while nobody listened.
    """
    if known is None:
        return Presence(message.online, at, message.run, message.connection, (message.run,))
    older_connection = message.run == known.run and message.connection < known.connection
    older_run = message.run in known.runs[:-1] and isinstance(message, Will)
    if older_connection or older_run:
        return None
    runs = (*(run for run in known.runs if run != message.run), message.run)[-RUNS_REMEMBERED:]
    heard = Presence(message.online, at, message.run, message.connection, runs)
    return replace(heard, since=known.since) if heard.online == known.online else heard
