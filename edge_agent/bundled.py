"""Where the data folders lie: inside the installed package, or beside it in a source checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """`models` or `firmware_configs` -> its folder."""
    installed = _PACKAGE / "bundled_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
