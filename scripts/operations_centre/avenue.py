"""The camera of `./scripts/demo --ioc`: one simulated avenue on which two vehicles run into each other."""

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from edge_agent.simulation.plan import load_plan
from edge_agent.simulation.script import Crash
from edge_agent.simulation.toml import to_toml
from scripts.demo_cameras import Roads
from scripts.operations_centre.checking import CRASH

PLAN = Path(__file__).with_name("crash.toml")
STANDS_S = 16.0, 60.0  # the vehicles, at least and at most
LONG_S, CALM_S = 60.0, 20.0  # in a longer demo so much later: whoever reads the address has time to connect
QUEUES_S = 6.0  # a demonstration has no time to wait until a queue is beyond doubt


class Avenue(Roads):
    needs_s: Mapping[str, float] = {CRASH: 6.0}

    def __init__(self, folder: Path, options: Namespace) -> None:
        super().__init__(folder, options, {"avenue": str(folder / "plan.toml")})
        self._stands_s = min(max(self._until_s / 3, STANDS_S[0]), STANDS_S[1])

    def prepare(self) -> None:
        plan, calm_s = load_plan(PLAN), CALM_S if self._until_s >= LONG_S else 0.0
        script = tuple(
            replace(one, at_s=one.at_s + calm_s, seconds=self._stands_s) for one in plan.script if isinstance(one, Crash)
        )
        later = replace(plan, script=script, warm_up_s=plan.warm_up_s - calm_s)  # the same traffic, looked at sooner
        (self._folder / "plan.toml").write_text(to_toml(later))
        super().prepare()
        scene_file = self._folder / "avenue" / "scene.json"
        scene = json.loads(scene_file.read_text())
        scene["rules"]["congestion"]["duration_s"] = QUEUES_S
        scene_file.write_text(json.dumps(scene))

    def crash_s(self) -> tuple[float, float]:
        """When it begins and when it is over, in seconds from the first picture on."""
        incidents = json.loads((self._folder / "avenue" / "truth.json").read_text())["incidents"]
        crash = next(one for one in incidents if one["kind"] == CRASH)
        return crash["start_s"], crash["end_s"]
