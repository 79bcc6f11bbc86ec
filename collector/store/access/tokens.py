"""The API tokens of software: made by name with a role, shown once, kept as digests.

SHA-256 is the right digest here: a token is 256 random bits, so nobody finds it by trying, however fast the digest is.
"""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass

from collector.core.errors import WrongUse
from collector.core.roles import Role, Who
from collector.store.access.ledger import Ledger
from collector.store.engines.db import Db

PREFIX = "kerbwatch_"  # whoever finds one in a log or a repository knows what it is
USED_EVERY_S = 60.0  # a request is not worth a write to the disk


@dataclass(frozen=True, slots=True)
class Token:
    """As it is listed; times are Unix seconds, None: never. `made_by`: as the audit log names him; empty: not known."""

    name: str
    role: Role
    made_at: float
    expires_at: float | None
    used_at: float | None
    made_by: str


class Tokens:
    """Safe to use from several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def create(self, name: str, role: Role, expires_at: float | None = None, made_by: str = "") -> str:
        """The secret, which nobody can tell again. Raises WrongUse for a name that is taken or is none, or a past time."""
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,62}", name, re.ASCII):
            raise WrongUse(f"token {name[:80]!r}: expected a name of 1 to 63 letters, digits, dots, - and _")
        if expires_at is not None and expires_at <= time.time():
            raise WrongUse(f"token {name}: the time at which it expires is past")
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._ledger.transaction() as db:
            if db.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
                raise WrongUse(f"token {name}: is there already; revoke it first, or choose another name")
            db.execute(
                "INSERT INTO tokens (name, digest, role, made_at, expires_at, made_by) VALUES (?, ?, ?, ?, ?, ?)",
                (name, digest(secret), role, time.time(), expires_at, made_by),
            )
        return secret

    def listed(self) -> list[Token]:
        with self._ledger.reading() as db:
            rows = db.execute("SELECT name, role, made_at, expires_at, used_at, made_by FROM tokens ORDER BY name").fetchall()
        return [Token(*row) for row in rows]

    def revoke(self, name: str) -> None:
        """Takes effect with the next request; streams end within seconds. Raises WrongUse when there is none."""
        with self._ledger.transaction() as db:
            if not db.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount:
                raise WrongUse(f"token {name}: there is none; `collector tokens list` shows them")

    def who(self, secret: str, now: float) -> Who | None:
        """None for one that is unknown, revoked or expired."""
        query = "SELECT name, role, used_at FROM tokens WHERE digest = ? AND (expires_at IS NULL OR expires_at > ?)"
        with self._ledger.reading() as db:
            found = db.execute(query, (digest(secret), now)).fetchone()
        if found is None:
            return None
        name, role, used_at = found
        if used_at is None or now - used_at >= USED_EVERY_S:
            with self._ledger.transaction() as db:
                db.execute("UPDATE tokens SET used_at = ? WHERE name = ?", (now, name))
        return Who(f"token:{name}", role)


def revoke_all_of(db: Db, maker: str) -> list[str]:
    """What he made, and what was made with that in turn."""
    gone: list[str] = []
    makers = [maker]
    while makers:
        names = [name for (name,) in db.execute("SELECT name FROM tokens WHERE made_by = ?", (makers[-1],)).fetchall()]
        db.execute("DELETE FROM tokens WHERE made_by = ?", (makers.pop(),))
        makers += [f"token:{name}" for name in names]
        gone += names
    return gone


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()  # a header may hold any byte
