"""Ours and ultralytics' `track` in turn on the same clip and the same ONNX file, a process of its own for every run."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PEERS = ROOT / ".venv" / "bench-frame" / "bin" / "python"
INSTALL = "./scripts/bench frame --install"
SCORE = 0.25  # from which a box counts, on both sides
MOST_SHARE_OF_CPU, MOST_SHARE_OF_MEMORY = 0.5, 0.25
ROWS = {
    "boxes": "boxes a frame, after suppression",
    "tracked": "road users seen and tracked a frame",
    "bare": "bare InferenceSession.run, ms CPU",
    "whole": "the whole chain with decoding, ms CPU",
    "beyond": "beyond inference, ms CPU",
    "rules": "of that scene, rules, picture checks",
    "alike": "of that what both do, ms CPU",
    "beyond_wall": "beyond inference, ms by the clock",
    "ratio": "whole / bare, CPU",
    "pss_mb": "PSS of all its processes, MB",
}


def compare(clip: Path, scene: Path, frames: int, threads: int, runs: int, folder: Path) -> dict[str, Any]:
    """What `judged` makes of so many runs of each side. ImportError where the peer is not installed."""
    if not PEERS.exists():
        raise ImportError(f"ultralytics is not here; install it with: {INSTALL}")
    model = folder / "yolo11n.onnx"
    _python(PEERS, "random_yolo", folder, threads, clip.resolve(), model)
    settings = [str(frames), str(threads), str(SCORE)]
    accounts: dict[str, list[dict[str, float]]] = {"ours": [], "ultralytics": []}
    for _ in range(runs):
        accounts["ours"].append(_account(Path(sys.executable), "ours", folder, threads, clip, scene, model, *settings))
        accounts["ultralytics"].append(_account(PEERS, "theirs", folder, threads, clip, model, *settings))
    return {"frames": frames, "threads": threads, "runs": runs, **judged(accounts)}


def judged(accounts: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Median and spread of each side, and our share of theirs in the runs that followed each other."""
    pairs = list(zip(accounts["ours"], accounts["ultralytics"], strict=True))
    shares = {of: statistics.median(one[of] / other[of] for one, other in pairs) for of in ("beyond", "alike", "pss_mb")}
    return {**{side: _spreads(of_runs) for side, of_runs in accounts.items()}, "our_share": shares}


def _account(python: Path, side: str, folder: Path, threads: int, *arguments: object) -> dict[str, float]:
    account: dict[str, float] = json.loads(_python(python, side, folder, threads, *arguments).splitlines()[-1])
    account["beyond"] = account["whole"] - account["bare"]
    account["alike"] = account["beyond"] - account["rules"]
    account["beyond_wall"] = account["whole_wall"] - account["bare_wall"]
    account["ratio"] = account["whole"] / account["bare"]
    return account


def _python(python: Path, module: str, folder: Path, threads: int, *arguments: object) -> str:
    """What one of this package's modules prints. Its other libraries get as many threads as its inference."""
    quiet = {"YOLO_OFFLINE": "1", "YOLO_CONFIG_DIR": str(folder), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads)}
    command = [python, "-m", f"scripts.benchmarks.beside.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=os.environ | quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"bench frame: {module} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _spreads(accounts: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        name: {"median": statistics.median(values), "least": min(values), "most": max(values)}
        for name in ROWS
        for values in [[account[name] for account in accounts]]
    }


def table(result: dict[str, Any]) -> str:
    rows = [
        f"the same YOLO11n with random weights, {result['threads']} thread(s), {result['runs']} runs each in turn, "
        f"{result['frames']} frames a run: median (least to most)",
        f"  {'':38}{'ours':>24}{'ultralytics track':>24}",
    ]
    for name, words in ROWS.items():
        cells = (_cell(result[side][name]) for side in ("ours", "ultralytics"))
        rows.append(f"  {words:38}" + "".join(f"{cell:>24}" for cell in cells))
    shares = result["our_share"]
    rows += [
        f"  our CPU beyond inference {shares['beyond']:.2f} of theirs (aim <= {MOST_SHARE_OF_CPU}), "
        f"{shares['alike']:.2f} for what both do (decode, scale, suppress, track)",
        f"  our memory {shares['pss_mb']:.2f} of theirs (aim <= {MOST_SHARE_OF_MEMORY})",
    ]
    return "\n".join(rows)


def _cell(spread: dict[str, float]) -> str:
    return f"{spread['median']:.2f} ({spread['least']:.2f} to {spread['most']:.2f})"
