"""The patient's chart: what was found, as it is told after its time, with the worst first."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from edge_agent.core.health.gauge import Gauge, Verdict
from edge_agent.core.health.judging import PATIENCE, Found, of_workers
from edge_agent.core.health.snapshot import LEVELS, Health, Item, Level
from edge_agent.core.health.words import todo_of


class Chart:
    """`update` every time something was judged; `items` is what it came to."""

    def __init__(self) -> None:
        self._gauges: dict[str, Gauge] = {}
        self._found: list[Found] = []

    def level(self, item: str) -> Level:
        """What stands of it, as the margins of the next judgement want it."""
        gauge = self._gauges.get(item)
        return "ok" if gauge is None else gauge.verdict.level

    def update(self, at_s: float, found: Iterable[Found]) -> bool:
        """True the first time, and when something has become worse or better. What is no longer found is forgotten."""
        first, before = not self._gauges, self._unwell()
        self._found = list(found)
        self._gauges = {one.id: self._gauges.get(one.id) or _gauge(one.id) for one in self._found}
        for one in self._found:
            self._gauges[one.id].update(at_s, one.verdict)
        return first or before != self._unwell()

    def items(self, time_of: Callable[[float], str]) -> tuple[Item, ...]:
        """`time_of`: a moment of the monotonic clock as RFC 3339."""
        gauges = [self._gauges[one.id] for one in self._found]
        since = [None if gauge.since_s is None else time_of(gauge.since_s) for gauge in gauges]
        return _worst_first(map(_item, self._found, (gauge.verdict for gauge in gauges), since))

    def _unwell(self) -> dict[str, Level]:
        return {item: gauge.verdict.level for item, gauge in self._gauges.items() if gauge.verdict.level != "ok"}


def at_once(found: Iterable[Found]) -> tuple[Item, ...]:
    """Without patience: what one look says, for whoever looks only once."""
    return _worst_first(_item(one, one.verdict, None) for one in found)


def hanging(health: Health, stuck: Iterable[str]) -> Health:
    """With the workers that hang now, of whom one may be who judges."""
    (agent,) = at_once([of_workers(stuck)])
    if agent.level == "ok":
        return health
    others = (item for item in health.items if item.id != agent.id)
    return replace(health, level="bad", items=_worst_first([agent, *others]))


def _item(found: Found, verdict: Verdict, since: str | None) -> Item:
    todo = "" if verdict.level == "ok" else todo_of(verdict.said)
    return Item(id=found.id, level=verdict.level, said=verdict.said, todo=todo, value=found.value, unit=found.unit, since=since)


def _worst_first(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: -LEVELS.index(item.level)))


def _gauge(item: str) -> Gauge:
    topic = item.partition("/")[0]
    return Gauge(PATIENCE[topic], f"{topic}.ok")
