"""Who may look in: names and argon2id hashes in one small file, which `edge-agent web password` writes and the page reads."""

import hashlib
import secrets
import threading
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from edge_agent.core.failure import WrongInput
from edge_agent.files import write_secret

ACCOUNTS_FILE = "accounts.json"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 256


class Accounts:
    """Safe to use from several threads; `check` costs a tenth of a second and 64 MB on purpose, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / ACCOUNTS_FILE
        self._hasher = PasswordHasher()
        self._no_one: str | None = None
        self._one_at_a_time = threading.Lock()

    def names(self) -> list[str]:
        return sorted(self._hashes())

    def mark(self, name: str) -> str | None:
        """Changes with the password: a session of another mark is over. None: there is no such account."""
        found = self._hashes().get(name)
        return None if found is None else hashlib.sha256(found.encode()).hexdigest()

    def check(self, name: str, password: str) -> str | None:
        """The account's mark, None where it is the wrong password. Takes as long for a name that does not exist."""
        found = self._hashes().get(name)
        with self._one_at_a_time:
            try:
                self._hasher.verify(found or self._nobody(), password[:LONGEST_PASSWORD])
            except (VerificationError, InvalidHashError):
                return None
        return None if found is None else hashlib.sha256(found.encode()).hexdigest()

    def set_password(self, name: str, password: str) -> None:
        """Add the account or change its password. Raises WrongInput, OSError."""
        if not 0 < len(name) <= 40 or not name.isprintable():
            raise WrongInput(f"--user {name[:40]!r}: expected 1 to 40 letters")
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise WrongInput(f"password: expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, got {len(password)}")
        self._write(self._hashes() | {name: self._hasher.hash(password)})

    def remove(self, name: str) -> None:
        """Raises WrongInput, OSError."""
        hashes = self._hashes()
        if hashes.pop(name, None) is None:
            raise WrongInput(f"--user {name[:40]!r}: there is no such user; there are: {', '.join(sorted(hashes)) or 'none'}")
        self._write(hashes)

    def _hashes(self) -> dict[str, str]:
        """Nobody where there is no file; and nobody gets in where it cannot be read."""
        try:
            hashes: dict[str, str] = msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])
        except (OSError, ValueError):
            return {}
        return hashes

    def _write(self, hashes: dict[str, str]) -> None:
        write_secret(self._file, msgspec.json.format(msgspec.json.encode(hashes)))

    def _nobody(self) -> str:
        self._no_one = self._no_one or self._hasher.hash(secrets.token_urlsafe())
        return self._no_one
