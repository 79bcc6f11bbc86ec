"""Who is let in at the page's port, how many at a time and how often, and how long somebody is waited for who takes nothing.

A connection is counted before its TLS handshake, which is what costs the device most of it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from edge_agent.web.figures import Announced, PageNow
from edge_agent.web.pace import Pace

MOST, MOST_OF_ONE = 64, 16  # connections at once, in all and of one address; a browser opens six for a page
PER_S, BURST = 30.0, 200.0  # of one address: new connections, and requests of somebody who has not logged in
STALLED_S = 10.0  # so long a picture lies there that nobody takes


class Door:
    """`turned_away` says how many connections were, by why; `refused` how many requests, by HTTP status."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE, per_s: float = PER_S, burst: float = BURST) -> None:
        self.most, self._most_of_one = most, most_of_one
        self.inside = 0
        self.turned_away: Counter[str] = Counter(full=0, full_of_one=0, too_often=0, no_handshake=0, stalled=0)
        self.refused: Counter[int] = Counter()
        self._of: Counter[str] = Counter()
        self._pace = Pace(per_s, burst)

    def enter(self, address: str) -> bool:
        """False: not now. Whoever has come in must `leave`."""
        if why := self._against(address):
            self.turned_away[why] += 1
            return False
        self.inside += 1
        self._of[address] += 1
        return True

    def leave(self, address: str) -> None:
        self.inside -= 1
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]

    def serves_stranger(self, address: str) -> bool:
        """One request more, of somebody whom nobody knows."""
        return self._pace.admits(address, time.monotonic())

    def now(self, announced: Announced) -> PageNow:
        """May be asked by any thread."""
        refused = {str(status): count for status, count in dict(self.refused).items()}
        return PageNow(
            connections=self.inside, most_connections=self.most, turned_away=dict(self.turned_away), refused=refused,
            announced=announced,
        )  # fmt: skip

    def _against(self, address: str) -> str | None:
        if self.inside >= self.most:
            return "full"
        if self._of[address] >= self._most_of_one:
            return "full_of_one"
        return None if self._pace.admits(address, time.monotonic()) else "too_often"


class Visit(asyncio.Protocol):
    """One connection from its handshake on, around the protocol that speaks HTTP. `stalled`: it is hung up on because it takes
    nothing; `over`: it has ended."""

    def __init__(self, inner: asyncio.Protocol, stalled: Callable[[], None], over: Callable[[], None]) -> None:
        self._inner, self._stalled, self._over = inner, stalled, over
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    @property
    def begun(self) -> bool:
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - as of every stream
        self._transport = transport
        self._inner.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._wait_no_longer()
        self._inner.connection_lost(error)
        self._over()

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(STALLED_S, self._hang_up)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._wait_no_longer()
        self._inner.resume_writing()

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    def _hang_up(self) -> None:
        assert self._transport is not None  # noqa: S101 - somebody wrote to it
        self._stalled()
        self._transport.abort()
