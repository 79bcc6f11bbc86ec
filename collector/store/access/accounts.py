"""Who may look in: users with argon2id hashes and their browser sessions; beside them the tokens and the audit log.

A database of its own, which every collector keeps in its data folder. Passwords can be guessed, so their hash is slow on
purpose; cookies and tokens are 256 random bits that nobody guesses, and of them a fast digest is enough.
"""

import secrets
import sqlite3
import threading
import time
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlite_utils import Database, Migrations

from collector.core.errors import WrongUse
from collector.core.roles import Role, Who
from collector.store.access.audit import Audit
from collector.store.access.audit import migrate as migrate_audit
from collector.store.access.tokens import Tokens, digest
from collector.store.access.tokens import migrate as migrate_tokens
from collector.store.engines.opening import told_of

ACCOUNTS = "accounts.sqlite"
SESSION_S = 12 * 3600.0
IDLE_S = 3600.0  # an open console asks all the time: this is for one that was left and closed
SEEN_EVERY_S = 60.0  # a request is not worth a write to the disk
LONGEST_PASSWORD = 256

migrate = Migrations("accounts")


@migrate()
def m001_accounts(db: Database) -> None:
    """Of a session only the digest of its cookie is kept."""
    db.table("users").create({"name": str, "hash": str}, pk="name", not_null={"hash"})
    db.table("sessions").create({"digest": str, "user": str, "expires": float}, pk="digest", not_null={"user", "expires"})


@migrate()
def m002_roles(db: Database) -> None:
    """Who could log in could do everything, and still can; sessions end when nobody uses them."""
    db.execute("ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'admin'")
    db.execute("ALTER TABLE sessions ADD COLUMN seen FLOAT NOT NULL DEFAULT 0")
    db.execute("UPDATE sessions SET seen = expires - ?", [SESSION_S])


class Accounts:
    """Safe to use from several threads; `check` costs a tenth of a second on purpose.

    Raises StoreUnavailable for a file that is damaged anywhere, or is none.
    """

    def __init__(self, path: Path, keep_audit_days: float = 730.0) -> None:
        self._lock = threading.RLock()
        self._hasher = PasswordHasher()
        self._no_one = self._hasher.hash(secrets.token_urlsafe())
        with told_of(path):
            db = sqlite3.connect(path, check_same_thread=False, timeout=10)
            path.chmod(0o600)
            _check_all_of(db)
            self._db = Database(db)
            for one in (migrate, migrate_tokens, migrate_audit):
                one.apply(self._db)
        self.tokens = Tokens(self._db, self._lock)
        self.audit = Audit(self._db, self._lock, keep_audit_days)

    def names(self) -> list[str]:
        return [name for name, _ in self.roles()]

    def roles(self) -> list[tuple[str, Role]]:
        with self._lock:
            return self._db.execute("SELECT name, role FROM users ORDER BY name").fetchall()

    def set_password(self, name: str, password: str, role: Role | None = None) -> None:
        """Add the user, an operator when no role is given, or change the password, which ends every session of that user."""
        if not 8 <= len(password) <= LONGEST_PASSWORD:
            raise WrongUse(f"password of {name}: expected 8 to {LONGEST_PASSWORD} characters, got {len(password)}")
        hashed = self._hasher.hash(password)
        known = dict(self.roles()).get(name)
        with self._lock:
            row = {"name": name, "hash": hashed, "role": role or known or "operator"}
            self._db.table("users").upsert(row, pk="name")
            self._db.table("sessions").delete_where("user = ?", [name])

    def set_role(self, name: str, role: Role) -> None:
        """Raises WrongUse when there is no such user, and when nobody would be left who may do everything."""
        if role != "admin":
            self._demand_another_admin(name)
        with self._lock:
            self._db.table("users").update(name, {"role": role})
            self._db.conn.commit()

    def remove(self, name: str) -> None:
        """As `set_role`; ends the sessions."""
        self._demand_another_admin(name)
        with self._lock:
            self._db.table("users").delete_where("name = ?", [name])
            self._db.table("sessions").delete_where("user = ?", [name])

    def _demand_another_admin(self, name: str) -> None:
        roles = dict(self.roles())
        if name not in roles:
            raise WrongUse(f"user {name}: there is none; `collector users list` shows who is there")
        if roles[name] == "admin" and [*roles.values()].count("admin") == 1:
            raise WrongUse(f"user {name}: is the only admin; make another one first")

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
        token, now = secrets.token_urlsafe(32), time.time()
        with self._lock:
            self._db.table("sessions").delete_where("expires < ?", [now])
            session = {"digest": digest(token), "user": name, "expires": now + SESSION_S, "seen": now}
            self._db.table("sessions").insert(session)
        return token

    def who(self, token: str, now: float | None = None) -> Who | None:
        """Whose session it is; None when it has ended or was left, or its user is gone. Asking is using it."""
        now = time.time() if now is None else now
        query = (
            "SELECT user, role, seen FROM sessions JOIN users ON name = user WHERE digest = ? AND expires > ? AND seen > ?"
        )
        with self._lock:
            found = self._db.execute(query, [digest(token), now, now - IDLE_S]).fetchone()
            if found is None:
                return None
            if now - found[2] >= SEEN_EVERY_S:
                self._db.execute("UPDATE sessions SET seen = ? WHERE digest = ?", [now, digest(token)])
                self._db.conn.commit()
        return Who(found[0], found[1])

    def user_of(self, token: str) -> str | None:
        who = self.who(token)
        return who.name if who else None

    def close_session(self, token: str) -> None:
        with self._lock:
            self._db.table("sessions").delete_where("digest = ?", [digest(token)])

    def close(self) -> None:
        self._db.close()


def _check_all_of(db: sqlite3.Connection) -> None:
    [(found,), *_] = db.execute("PRAGMA quick_check(1)")
    if found != "ok":
        raise sqlite3.DatabaseError(found.replace("\n", " "))
