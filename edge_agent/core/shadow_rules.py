"""Rules on trial: other parameters for the same road users, beside the live rules. Marked, scored, and never an alert.

A whole second set judges, with its own precedence and its own congestions; told are only the kinds whose rule differs from
the live one. Nothing of it reaches the live rules, their numbers or their road users.
"""

from dataclasses import replace
from itertools import count

from edge_agent.core.incidents.lifecycle import dated, ended
from edge_agent.core.incidents.rules import Rules
from edge_agent.core.incidents.switched_on import switched_on
from edge_agent.core.observation import Observation, Observer
from edge_agent.core.precedence import Precedence
from edge_agent.core.scene import Scene
from edge_agent.core.types import IncidentReport

NAME = "rules"


class ShadowRules:
    """One camera's. `begin` before the first `update`."""

    def __init__(self, live: Rules, rules: Rules) -> None:
        self._live, self._rules = live, rules
        self._told = rules.other_than(live)
        self._numbers = count(1)
        self._open: dict[int, IncidentReport] = {}

    def begin(self, scene: Scene) -> None:
        """All that is remembered of road users, new; numbers go on."""
        # before any rule judges, these decide what stands, and who rides of those that the live rules think on foot
        own = self._rules.observing()
        self._observer = None if own == self._live.observing() else Observer(scene, *own)
        self._precedence = Precedence()
        self._incidents = switched_on(self._rules, scene, self._numbers)
        self._open.clear()

    def update(self, watched_s: float, away_s: float, observation: Observation) -> list[IncidentReport]:
        """What these rules say of a frame; `observation` as the live rules have it."""
        seen = self._own(watched_s, observation)
        reports = [report for incident in self._incidents for report in incident.update(watched_s, seen)]
        said = []
        for report in self._precedence.settle(watched_s, reports):
            told = replace(dated(report, away_s, self._open.get(report.number)), shadow=NAME)
            if told.phase == "end":
                self._open.pop(told.number, None)
            else:
                self._open[told.number] = told
            said += [told] if told.kind in self._told else []
        return said

    def end(self, at_s: float, last_s: float, by: str) -> list[IncidentReport]:
        """What is open ends."""
        reports = [ended(report, at_s, last_s, by) for report in self._open.values() if report.kind in self._told]
        self._open.clear()
        return reports

    def _own(self, watched_s: float, live: Observation) -> Observation:
        congested = frozenset(one.lane for one in self._open.values() if one.kind == "congestion" and one.lane)
        if self._observer is None:
            return replace(live, congested=congested)
        return self._observer.update(watched_s, live.road_users, live.resumed, congested, live.things)
