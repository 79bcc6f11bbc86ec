"""The wheel alone, in a fresh environment: models travel with it."""

import json
import subprocess
import sys
import venv
from pathlib import Path

from tests.clips import ROAD_SCENE, write_clip

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    finished = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=170, stdin=subprocess.DEVNULL)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_the_wheel_analyses_a_clip_by_itself(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    (wheel,) = tmp_path.glob("kerbwatch-*.whl")
    home = tmp_path / "fresh"
    venv.create(home, with_pip=True)
    run(home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    scene = tmp_path / "scene.json"
    scene.write_text(json.dumps(ROAD_SCENE))
    clip = write_clip(tmp_path / "clip.avi", frames=10)
    found = json.loads(run(home / "bin" / "edge-agent", "analyse", clip, "--scene", scene, "--json", cwd=tmp_path))
    assert found["frames"] == 10
    listed = json.loads(run(home / "bin" / "edge-agent", "models", "list", "--json", cwd=tmp_path))
    assert next(model for model in listed if model["name"] == "nanodet-g-416")["here"]
    assert "serve" in run(home / "bin" / "collector", "--help", cwd=tmp_path)
    run(home / "bin" / "collector", "broker-config", "mosquitto", "--out", "broker", cwd=tmp_path)
    assert "pattern write" in (tmp_path / "broker" / "acl").read_text()
    console = ("index.html", "pages/map.js", "texts/map.js", "vendor/leaflet/leaflet.js", "vendor/leaflet/LICENSE")
    read = "from importlib.resources import files\nfor one in {}: files('collector.web').joinpath('static/' + one).read_text()"
    run(home / "bin" / "python", "-c", read.format(console), cwd=tmp_path)
    steps = "files('collector.store.engines').joinpath('postgres_steps').glob('*.sql')"
    run(home / "bin" / "python", "-c", f"from importlib.resources import files\nassert list({steps})", cwd=tmp_path)
