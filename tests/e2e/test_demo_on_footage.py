"""The demo on real footage: backwards everyone drives the wrong way, forwards nobody does."""

import re
from pathlib import Path

import pytest

from tests.e2e.demos import ROOT, demo, figures

pytestmark = pytest.mark.alone  # footage is looked at as it happens
CLIP, SCENE = "bgs_video02.avi", ROOT / "tests" / "scenes" / "bgs_video02.json"


def test_backwards_everyone_drives_the_wrong_way(shared: Path) -> None:
    finished = demo(shared / "clips" / CLIP, "--scene", SCENE, "--reverse", "--headless", "--seconds", "24", "--lang", "vi")
    alerts, events, missing = figures(finished)
    assert finished.returncode == 0, finished.stderr
    assert alerts >= 2 and events >= alerts and missing == 0
    assert "Xe đi ngược chiều" in finished.stdout
    assert re.search(r"console +http://127\.0\.0\.1:\d+ +user operator +password \S+", finished.stdout)


def test_forwards_nobody_does(shared: Path) -> None:
    finished = demo(shared / "clips" / CLIP, "--scene", SCENE, "--headless", "--seconds", "22")
    assert finished.returncode == 0, finished.stderr
    alerts, events, missing = figures(finished)
    assert alerts == 0 and events >= 1 and missing == 0
