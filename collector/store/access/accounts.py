"""Who may look in: users with argon2id hashes and their browser sessions; beside them failures, tokens and the audit log.

They lie in a database of their own in the data folder, or with the events in the PostgreSQL that several collectors share.
Passwords can be guessed, so their hash is slow on purpose; cookies and tokens are 256 random bits that nobody guesses, and of
them a fast digest is enough.
"""

import secrets
import time
from pathlib import Path
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from collector.core.errors import WrongUse
from collector.core.roles import Role, Who
from collector.store.access.attempts import Attempts
from collector.store.access.audit import Audit
from collector.store.access.ledger import Ledger, LedgerFile, storable
from collector.store.access.place import ACCOUNTS as ACCOUNTS
from collector.store.access.schema import SESSION_S
from collector.store.access.tokens import Tokens, digest, revoke_all_of
from collector.store.engines.db import Db

IDLE_S = 3600.0  # an open console asks all the time: this is for one that was left and closed
SEEN_EVERY_S = 60.0  # a request is not worth a write to the disk
LONGEST_PASSWORD = 256


class User(NamedTuple):
    name: str
    role: Role
    disabled: bool


class Accounts:
    """In the file of this path, or in this ledger. Safe to use from several threads; `check` costs a tenth of a second on
    purpose. Raises StoreUnavailable."""

    def __init__(self, place: Path | Ledger, keep_audit_days: float = 730.0) -> None:
        self._hasher = PasswordHasher()
        self._no_one = self._hasher.hash(secrets.token_urlsafe())
        self.ledger = LedgerFile(place) if isinstance(place, Path) else place
        self.tokens = Tokens(self.ledger)
        self.attempts = Attempts(self.ledger)
        self.audit = Audit(self.ledger, keep_audit_days)

    def users(self) -> list[User]:
        with self.ledger.reading() as db:
            return list(_users(db).values())

    def set_first(self, name: str, password: str) -> bool:
        """Add an admin where there is no user at all; False where there is one, for another collector may have been first."""
        hashed = self._hash(name, password)
        with self.ledger.transaction() as db:
            if _users(db):
                return False
            db.execute("INSERT INTO users (name, hash, role) VALUES (?, ?, 'admin')", (name, hashed))
            return True

    def set_password(self, name: str, password: str, role: Role | None = None) -> None:
        """Add the user, an operator when no role is given, or change the password, which ends every session of that user."""
        hashed = self._hash(name, password)
        with self.ledger.transaction() as db:
            db.execute(
                "INSERT INTO users (name, hash, role) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, role = excluded.role",
                (name, hashed, role or (known.role if (known := _users(db).get(name)) else "operator")),
            )
            db.execute('DELETE FROM sessions WHERE "user" = ?', (name,))

    def set_role(self, name: str, role: Role) -> None:
        """Raises WrongUse when there is no such user, and when nobody would be left who may do everything."""
        with self.ledger.transaction() as db:
            if role != "admin":
                _demand_another_admin(db, name)
            if not db.execute("UPDATE users SET role = ? WHERE name = ?", (role, name)).rowcount:
                raise _unknown(name)

    def remove(self, name: str) -> list[str]:
        """As `disable`, for good."""
        with self.ledger.transaction() as db:
            gone = _send_away(db, name)
            db.execute("DELETE FROM users WHERE name = ?", (name,))
            return gone

    def disable(self, name: str) -> list[str]:
        """Ends the sessions and the tokens that he made, whose names are given back. Raises as `set_role` does."""
        with self.ledger.transaction() as db:
            gone = _send_away(db, name)
            db.execute("UPDATE users SET disabled = 1 WHERE name = ?", (name,))
            return gone

    def enable(self, name: str) -> None:
        """With the password and role of before. Raises WrongUse when there is no such user."""
        with self.ledger.transaction() as db:
            if not db.execute("UPDATE users SET disabled = 0 WHERE name = ?", (name,)).rowcount:
                raise _unknown(name)

    def check(self, name: str, password: str) -> bool:
        """Takes as long for a name that does not exist, or is disabled."""
        with self.ledger.reading() as db:
            row = db.execute("SELECT hash FROM users WHERE name = ? AND disabled = 0", (storable(name),)).fetchone()
        try:
            self._hasher.verify(row[0] if row else self._no_one, password[:LONGEST_PASSWORD])
        except VerificationError:
            return False
        return row is not None

    def open_session(self, name: str) -> str:
        token, now = secrets.token_urlsafe(32), time.time()
        with self.ledger.transaction() as db:
            db.execute("DELETE FROM sessions WHERE expires < ?", (now,))
            session = (digest(token), name, now + SESSION_S, now)
            db.execute('INSERT INTO sessions (digest, "user", expires, seen) VALUES (?, ?, ?, ?)', session)
        return token

    def who(self, token: str, now: float | None = None) -> Who | None:
        """Whose session it is; None when it has ended or was left, or its user is gone. Asking is using it."""
        now = time.time() if now is None else now
        query = (
            'SELECT users.name, role, seen FROM sessions JOIN users ON users.name = sessions."user"'
            " WHERE digest = ? AND expires > ? AND seen > ? AND disabled = 0"
        )
        with self.ledger.reading() as db:
            found = db.execute(query, (digest(token), now, now - IDLE_S)).fetchone()
        if found is None:
            return None
        if now - found[2] >= SEEN_EVERY_S:
            with self.ledger.transaction() as db:
                db.execute("UPDATE sessions SET seen = ? WHERE digest = ?", (now, digest(token)))
        return Who(found[0], found[1])

    def close_session(self, token: str) -> None:
        with self.ledger.transaction() as db:
            db.execute("DELETE FROM sessions WHERE digest = ?", (digest(token),))

    def close(self) -> None:
        self.ledger.close()

    def _hash(self, name: str, password: str) -> str:
        if not 8 <= len(password) <= LONGEST_PASSWORD:
            raise WrongUse(f"password of {name}: expected 8 to {LONGEST_PASSWORD} characters, got {len(password)}")
        return self._hasher.hash(password)


def _users(db: Db) -> dict[str, User]:
    rows = db.execute("SELECT name, role, disabled FROM users ORDER BY name").fetchall()
    return {name: User(name, role, bool(disabled)) for name, role, disabled in rows}


def _send_away(db: Db, name: str) -> list[str]:
    _demand_another_admin(db, name)
    db.execute('DELETE FROM sessions WHERE "user" = ?', (name,))
    return revoke_all_of(db, name)


def _demand_another_admin(db: Db, name: str) -> None:
    users = _users(db)
    if name not in users:
        raise _unknown(name)
    if [one.name for one in users.values() if one.role == "admin" and not one.disabled] == [name]:
        raise WrongUse(f"user {name}: is the only admin; make another one first")


def _unknown(name: str) -> WrongUse:
    return WrongUse(f"user {name}: there is none; `collector users list` shows who is there")
