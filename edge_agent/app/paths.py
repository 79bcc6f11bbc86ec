"""Paths in a configuration: relative to its file, and made where they are missing."""

from pathlib import Path

from msgspec.structs import replace

from edge_agent.config import BrokerConfig, DetectorConfig, resolve
from edge_agent.core.failure import WrongInput


def made(data_dir: Path) -> Path:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WrongInput(f"data_dir {data_dir}: {reason}; make it and give it to this user, or set another data_dir") from None
    return data_dir


def resolved_detector(config: DetectorConfig, config_file: Path) -> DetectorConfig:
    return config if config.models_dir is None else replace(config, models_dir=str(resolve(config_file, config.models_dir)))


def resolved_broker(broker: BrokerConfig, config_file: Path) -> BrokerConfig:
    """Certificate and password files are relative to the configuration."""
    files = {name: getattr(broker, name) for name in ("ca", "cert", "key", "password_file")}
    return replace(broker, **{name: str(resolve(config_file, value)) for name, value in files.items() if value is not None})
