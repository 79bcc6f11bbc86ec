"""People who may look in: users with argon2id hashes and their browser sessions, in a database of their own."""

import hashlib
import secrets
import sqlite3
import threading
import time
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlite_utils import Database, Migrations

from collector.core.errors import WrongUse
from collector.store.opening import told_of

ACCOUNTS = "accounts.sqlite"
SESSION_S = 12 * 3600.0
LONGEST_PASSWORD = 256

migrate = Migrations("accounts")


@migrate()
def m001_accounts(db: Database) -> None:
    """Of a session only the digest of its cookie is kept."""
    db.table("users").create({"name": str, "hash": str}, pk="name", not_null={"hash"})
    db.table("sessions").create({"digest": str, "user": str, "expires": float}, pk="digest", not_null={"user", "expires"})


class Accounts:
    """Safe to use from several threads; `check` costs a tenth of a second on purpose.

    Raises StoreUnavailable for a file that is damaged anywhere, or is none.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._hasher = PasswordHasher()
        self._no_one = self._hasher.hash(secrets.token_urlsafe())
        with told_of(path):
            db = sqlite3.connect(path, check_same_thread=False, timeout=10)
            path.chmod(0o600)
            _check_all_of(db)
            self._db = Database(db)
            migrate.apply(self._db)

    def names(self) -> list[str]:
        with self._lock:
            return [row["name"] for row in self._db.table("users").rows]

    def set_password(self, name: str, password: str) -> None:
        """Add the user or change the password, which ends every session of that user."""
        if not 8 <= len(password) <= LONGEST_PASSWORD:
            raise WrongUse(f"password of {name}: expected 8 to {LONGEST_PASSWORD} characters, got {len(password)}")
        digest = self._hasher.hash(password)
        with self._lock:
            self._db.table("users").upsert({"name": name, "hash": digest}, pk="name")
            self._db.table("sessions").delete_where("user = ?", [name])

    def check(self, name: str, password: str) -> bool:
        """Takes as long for a name that does not exist."""
        with self._lock:
            rows = list(self._db.table("users").rows_where("name = ?", [name]))
        known = rows[0]["hash"] if rows else self._no_one
        try:
            self._hasher.verify(known, password[:LONGEST_PASSWORD])
        except VerificationError:
            return False
        return bool(rows)

    def open_session(self, name: str) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._db.table("sessions").delete_where("expires < ?", [time.time()])
            self._db.table("sessions").insert({"digest": _digest(token), "user": name, "expires": time.time() + SESSION_S})
        return token

    def user_of(self, token: str) -> str | None:
        """Whose session it is; None when it has ended, or its user is gone."""
        query = "SELECT user FROM sessions JOIN users ON name = user WHERE digest = ? AND expires > ?"
        with self._lock:
            found = self._db.execute(query, [_digest(token), time.time()]).fetchone()
        return found[0] if found else None

    def close_session(self, token: str) -> None:
        with self._lock:
            self._db.table("sessions").delete_where("digest = ?", [_digest(token)])

    def close(self) -> None:
        self._db.close()


def _check_all_of(db: sqlite3.Connection) -> None:
    [(found,), *_] = db.execute("PRAGMA quick_check(1)")
    if found != "ok":
        raise sqlite3.DatabaseError(found.replace("\n", " "))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()  # a cookie may hold any byte
