"""What the first start makes so that people and software on this machine can come in: a user, and a token."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from collector.app.ending import CannotServe
from collector.files import whole_file
from collector.store.access.accounts import Accounts

TOKEN_FILE = "api-token"  # noqa: S105 - a file's name
FIRST_USER = "operator"


@dataclass(frozen=True, slots=True)
class Credentials:
    """`password` is None when it was set on an earlier start: only its hash is known."""

    user: str
    password: str | None


def prepare_accounts(accounts: Accounts, password: str | None) -> Credentials:
    """On the first start the user `operator`, an admin, gets the given password or a random one, told once."""
    if password is None:
        chosen = secrets.token_urlsafe(12)
        return Credentials(FIRST_USER, chosen if not accounts.users() and accounts.set_first(FIRST_USER, chosen) else None)
    if not accounts.set_first(FIRST_USER, password) and not accounts.check(FIRST_USER, password):
        accounts.set_password(FIRST_USER, password)
    return Credentials(FIRST_USER, None)


def api_token(data_dir: Path) -> str:
    """The bearer token for software on this machine, made on the first start; only the owner can read the file.

    An empty file is made anew. Raises CannotServe for one that holds anything but a token.
    """
    path = data_dir / TOKEN_FILE
    try:
        token = path.read_text(errors="replace").strip() if path.exists() else ""
        if not token:
            token = secrets.token_urlsafe(32)
            with whole_file(path) as file:
                file.write(f"{token}\n".encode())
    except OSError as error:
        raise CannotServe(f"{path}: {error.strerror}; it holds the API token") from error
    if not re.fullmatch(r"[\w-]{20,}", token, re.ASCII):
        raise CannotServe(f"{path}: holds no token (20 or more letters, digits, - and _); delete it to have a new one made")
    return token
