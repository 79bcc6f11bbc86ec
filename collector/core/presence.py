"""Is a device online? Births and wills, which can arrive in the wrong order, in; the newest truth out."""

from dataclasses import dataclass, replace

from event_contract.messages import Birth, Will

RUNS_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Presence:
    """`since` and `run_since`, when its run was first heard of, in Unix seconds; `runs`, oldest first, end with `run`."""

    online: bool
    since: float
    run: str
    connection: int
    runs: tuple[str, ...]
    run_since: float

    def over_since(self, run: str) -> float | None:
        """Since when a newer run than this one is known; None while it is the newest.

        A device says who it is before it sends anything, so a run never heard of ended before the newest began.
        """
        return None if run == self.run else self.run_since


def hear(known: Presence | None, message: Birth | Will, at: float) -> Presence | None:
    """The new presence, or None when the message is older than what is known and says nothing.

    A run's connections are counted; runs themselves are random names, so a will of a run heard of before the newest birth
    is old, and one of a run never heard of tells of a birth that passed while nobody listened.
    """
    if known is None:
        return Presence(message.online, at, message.run, message.connection, (message.run,), at)
    older_connection = message.run == known.run and message.connection < known.connection
    older_run = message.run in known.runs[:-1] and isinstance(message, Will)
    if older_connection or older_run:
        return None
    runs = (*(run for run in known.runs if run != message.run), message.run)[-RUNS_REMEMBERED:]
    run_since = known.run_since if message.run == known.run else at
    heard = Presence(message.online, at, message.run, message.connection, runs, run_since)
    return replace(heard, since=known.since) if heard.online == known.online else heard
