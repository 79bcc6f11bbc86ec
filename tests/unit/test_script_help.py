"""Who asks a script for help gets it before anything is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("script", ["demo", "drill", "swarm", "test", "bench"])
def test_help_needs_no_more_than_the_standard_library(script: str, tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    alone = {"PATH": "/usr/bin:/bin", "PYTHON": str(bare)}
    asked = subprocess.run([ROOT / "scripts" / script, "--help"], env=alone, capture_output=True, text=True)
    assert asked.returncode == 0 and f"./scripts/{script}" in asked.stdout, asked.stderr
    assert "install" not in asked.stdout.partition("usage")[0]
