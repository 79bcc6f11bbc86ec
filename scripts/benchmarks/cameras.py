"""Several cameras on one session: is each served, what is dropped, what does the whole agent cost; and one that hangs.

    ./scripts/bench cameras [--cameras N] [--fps N] [--seconds N] [--gate] [--json]

A real agent with simulated roads, painted into clips beforehand. Without --gate the detector looks at every frame. At last one
capture child is stopped (SIGSTOP): the others must not notice.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from edge_agent.app.live import Agent, AgentStatus
from edge_agent.config import load_config
from edge_agent.simulation import presets
from scripts.benchmarks.painted_roads import motorway, paint, with_traffic
from scripts.benchmarks.processes import cpu_s, pss_mb

AIM_FAIR, AIM_UNDISTURBED = 0.8, 0.95
CLIP_S, SETTLE_S = 12.0, 8.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./scripts/bench cameras", description=__doc__.partition("\n")[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--gate", action="store_true", help="spare the detector while nothing moves")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        with ProcessPoolExecutor(1, get_context("spawn")) as painter:  # what painting takes is none of the agent's memory
            site = painter.submit(write_site, Path(name), options.cameras, options.fps, options.gate).result()
        result = measure(site, options.seconds)
    print(json.dumps(result) if options.as_json else table(result))
    return 0


def write_site(folder: Path, cameras: int, fps: float, gate: bool) -> Path:
    """Two roads, each seen by every other camera."""
    plans = [with_traffic(motorway(), 0.5), replace(with_traffic(presets.load("quy_nhon"), 0.5), script=())]
    painted = [paint(plan, folder, CLIP_S, fps) for plan in plans[:cameras]]
    lines = ['device = "bench"\ndata_dir = "agent"\nhealth_every_s = 3600\n[broker]\nport = 9\n']
    for number in range(cameras):
        clip, scene = painted[number % len(painted)]
        lines.append(
            f'[[cameras]]\nname = "road-{number + 1}"\nscene = "{scene.name}"\nfps = {fps:g}\n'
            f'source = {{ kind = "clip", path = "{clip.name}", loop = true }}\n'
            f"attention = {{ enabled = {str(gate).lower()} }}\n"
        )
    site = folder / "site.toml"
    site.write_text("".join(lines))
    return site


def measure(site: Path, seconds: float) -> dict[str, Any]:
    agent = Agent(load_config(site), site)
    running = threading.Thread(target=agent.run)
    running.start()
    try:
        while any(camera.state != "live" for camera in agent.status.cameras.values()):
            time.sleep(0.2)
        time.sleep(SETTLE_S)
        together = watch(agent, seconds)
        agent_mb, children_mb = pss_mb(os.getpid()), [pss_mb(pid) for pid in children(agent).values()]
        hung, child = next(iter(children(agent).items()))
        os.kill(child, signal.SIGSTOP)
        disturbed = watch(agent, min(seconds, 8.0))  # less than what it takes until the child is replaced
    finally:
        agent.stop()
        running.join()
    served = sorted(together["served_fps"].values())
    kept = [fps / together["served_fps"][name] for name, fps in disturbed["served_fps"].items() if name != hung]
    memory = {"agent": agent_mb, "children": sum(children_mb), "all": agent_mb + sum(children_mb)}
    return {
        **together, "fair": round(served[0] / served[-1], 3), "hung": hung, "undisturbed": round(min(kept), 3),
        "pss_mb": {what: round(mb, 1) for what, mb in memory.items()},
    }  # fmt: skip


def children(agent: Agent) -> dict[str, int]:
    """Capture children by camera."""
    return {name: eye.source.child_pid for name, eye in agent._eyes.items() if eye.source.child_pid}


def watch(agent: Agent, seconds: float) -> dict[str, Any]:
    """Frames taken by the main loop, per second and camera; what was dropped; CPU of it all, as shares of one core."""
    began_s, before, cpu_before = time.monotonic(), agent.status, _cpu(agent)
    time.sleep(seconds)
    after, cpu, took_s = agent.status, _cpu(agent), time.monotonic() - began_s
    taken = {name: _taken(after, name) - _taken(before, name) for name in after.cameras}
    return {
        "seconds": round(took_s, 1),
        "served_fps": {name: round(count / took_s, 2) for name, count in taken.items()},
        "dropped": {name: after.dropped[name] - before.dropped[name] for name in after.cameras},
        "spared": {name: after.spared[name] - before.spared[name] for name in after.cameras},
        "cpu_cores": {what: round((cpu[what] - cpu_before[what]) / took_s, 2) for what in cpu},
    }


def _taken(status: AgentStatus, camera: str) -> int:
    return status.cameras[camera].frames - status.dropped[camera]


def _cpu(agent: Agent) -> dict[str, float]:
    return {"agent": time.process_time(), "children": sum(cpu_s(pid) for pid in children(agent).values())}


def table(result: dict[str, Any]) -> str:
    rows = [f"{len(result['served_fps'])} cameras for {result['seconds']:g} s"]
    for name, fps in result["served_fps"].items():
        rows.append(f"  {name:10} {fps:6.2f} frames/s   {result['dropped'][name]} dropped   {result['spared'][name]} spared")
    cpu, pss = result["cpu_cores"], result["pss_mb"]
    rows += [
        f"  slowest / fastest served   {result['fair']:.3f}   (aim >= {AIM_FAIR})",
        f"  CPU                        {cpu['agent']:.2f} cores, its capture children {cpu['children']:.2f}",
        f"  memory (PSS)               {pss['all']:.1f} MB, of which {pss['children']:.1f} are the children's",
        f"  while {result['hung']} hangs       the others keep {result['undisturbed']:.3f} of their rate   "
        f"(aim >= {AIM_UNDISTURBED})",
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
