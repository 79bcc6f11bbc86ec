"""What the tables of the configuration name outside it: files beside it, and machines."""

from ipaddress import ip_address
from pathlib import Path


def beside(folder: Path, name: str) -> str:
    """Relative paths in a configuration are relative to its folder."""
    return str((folder / Path(name).expanduser()).resolve())


def found(folder: Path, key: str, name: str | None) -> str | None:
    """The path of a file, which must be there and readable. Raises ValueError with the key."""
    if name is None:
        return None
    file = beside(folder, name)
    try:
        Path(file).open("rb").close()
    except OSError as error:
        raise ValueError(f"{key}: {file}: {error.strerror}") from error
    return file


def secret_in(file: str | None) -> str | None:
    """What stands in it. Raises OSError."""
    return Path(file).read_text().strip() if file else None


def is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
