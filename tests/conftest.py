"""Fixtures for everyone: the recordings in ../shared, which a fresh clone does not have."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with footage, recordings and wire examples; without it the test is skipped, or fails in CI."""
    if not SHARED.is_dir():
        message = f"{SHARED} is missing: footage and recordings are not part of the repository"
        if os.environ.get("REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return SHARED
