"""What the store's writer does between batches when its time has come, whatever messages come."""

import logging
import time
from dataclasses import dataclass

from collector.store.event_store import EventStore
from collector.store.taking import Committed
from collector.store.upkeep import retention
from collector.store.upkeep.rollups import MINUTES_PER_PASS

LOOK_AFTER_EVERY_S = 30.0
ROLL_UP_EVERY_S = 2.0
WATCH_EVERY_S = 10.0
AGAIN_S = 0.2  # where one pass was not enough: batches come in between
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """`keep_days` by class, and of the sums of traffic; days begin at local midnight, `utc_offset_s` from UTC's."""

    keep_days: dict[str, float]
    max_bytes: int | None = None
    utc_offset_s: float = 0.0
    silent_after_s: float = 90.0


class Upkeep:
    """Belongs to the writer's thread, but for `listening_since`: since when the broker is connected; None: it is not."""

    def __init__(self, store: EventStore, rules: Rules) -> None:
        self._store, self._rules = store, rules
        begun = time.monotonic()
        self._look_after_at, self._roll_up_at, self._watch_at = begun + LOOK_AFTER_EVERY_S, begun, begun + WATCH_EVERY_S
        self._pruning_held = False
        self.listening_since: float | None = None

    def turn(self, monotonic_s: float, now: float) -> list[Committed]:
        """What is due, each in a transaction of its own. Raises StoreUnavailable; then it is due again a little later."""
        done = []
        if monotonic_s >= self._look_after_at:
            self._look_after_at = monotonic_s + LOOK_AFTER_EVERY_S
            done.append(self._look_after(monotonic_s, now))
        if monotonic_s >= self._roll_up_at:
            self._roll_up_at = monotonic_s + ROLL_UP_EVERY_S
            done.append(self._store.roll_up(self._rules.utc_offset_s))
            if done[-1].outcomes.get("rolled_up", 0) >= MINUTES_PER_PASS:
                self._roll_up_at = monotonic_s + AGAIN_S
        since = self.listening_since
        if monotonic_s >= self._watch_at and since is not None:
            self._watch_at = monotonic_s + WATCH_EVERY_S
            done.append(self._store.watch_silence(now, since, self._rules.silent_after_s))
        return done

    def _look_after(self, monotonic_s: float, now: float) -> Committed:
        committed = self._store.look_after(now, self._rules.keep_days, self._rules.max_bytes)
        outcomes = committed.outcomes
        if max(outcomes.get("pruned", 0), outcomes.get("shed", 0)) >= retention.PRUNED_PER_PASS:
            self._look_after_at = monotonic_s + AGAIN_S
        held = "pruning_held" in outcomes
        if held and not self._pruning_held:
            log.warning("the clock is days past all that the store holds: nothing old is deleted for 2 days; check the clock")
        self._pruning_held = held
        return committed
