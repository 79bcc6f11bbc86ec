"""Is a device online? Births and wills, which can arrive in the wrong order, in; the newest truth out."""

from dataclasses import dataclass, replace

from event_contract.presence import Birth, Will

RUNS_REMEMBERED = 32
BACK_WITHIN_S = 30.0  # a restart of the agent, or a network that was away for a moment, is no silence

Heard = tuple[str, int]  # a run, and the highest connection heard of in it


@dataclass(frozen=True, slots=True)
class Presence:
    """`since` and `run_since`, when its run was first heard of, in Unix seconds; `runs`, oldest first, end with `run`.

    A database of an earlier version has runs by name alone.
    """

    online: bool
    since: float
    run: str
    connection: int
    runs: tuple[Heard | str, ...]
    run_since: float

    def over_since(self, run: str) -> float | None:
        """Since when a newer run than this one is known; None while it is the newest.

        A device says who it is before it sends anything, so a run never heard of ended before the newest began.
        """
        return None if run == self.run else self.run_since


def hear(known: Presence | None, message: Birth | Will, at: float) -> Presence | None:
    """The new presence, or None when the message is older than what is known and says nothing.

    A run's connections are counted; runs themselves are random names, so a will of a run heard of before the newest birth
    is old, and one of a run never heard of tells of a birth that passed while nobody listened. A birth of such an older run
    is old too, a broker's retained one say, unless it is a new connection's. So is a birth of the connection whose will has
    come: of several collectors one may hear it later than another.
    """
    heard_now = (message.run, message.connection)
    if known is None:
        return Presence(message.online, at, *heard_now, (heard_now,), at)
    highest = dict((entry, 0) if isinstance(entry, str) else entry for entry in known.runs)
    highest[known.run] = known.connection
    older_connection = message.run == known.run and message.connection < known.connection
    older_run = message.run != known.run and message.connection <= highest.get(message.run, -1)
    late_will = message.run != known.run and message.run in highest and isinstance(message, Will)
    overtaken_birth = not known.online and message.online and heard_now == (known.run, known.connection)
    if older_connection or older_run or late_will or overtaken_birth:
        return None
    runs = (*(entry for entry in highest.items() if entry[0] != message.run), heard_now)[-RUNS_REMEMBERED:]
    run_since = known.run_since if message.run == known.run else at
    heard = Presence(message.online, at, message.run, message.connection, runs, run_since)
    return replace(heard, since=known.since) if heard.online == known.online else heard


def silent_since(
    online: bool, since: float, heard_at: float, now: float, listening_since: float, after_s: float
) -> float | None:
    """When a device that is silent was last heard, in Unix seconds; None for one that is not silent, or not yet.

    One that is away has BACK_WITHIN_S from its will on to come back, one that is said to be there `after_s` to tell something;
    neither counts before `listening_since`.
    """
    patience_s, from_s = (after_s, heard_at) if online else (min(BACK_WITHIN_S, after_s), since)
    return from_s if now - max(from_s, listening_since) >= patience_s else None
