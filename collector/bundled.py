"""Where the data folders lie: inside the installed package, or beside it in a source checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def broker_templates() -> Path:
    """The templates of the brokers' configurations."""
    installed = _PACKAGE / "bundled_data" / "mosquitto"
    return installed if installed.is_dir() else _PACKAGE.parent / "firmware_configs" / "mosquitto"
