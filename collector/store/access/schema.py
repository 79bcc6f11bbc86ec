"""The schema of a collector's own file of accounts, one step per function; PostgreSQL's is in engines/postgres_steps/."""

from sqlite_utils import Database, Migrations

SESSION_S = 12 * 3600.0
DAY_S = 86400.0
YOUNG_DAYS = 30  # below that the database itself lets nobody delete of the audit log

migrate = Migrations("accounts")
migrate_tokens = Migrations("tokens")
migrate_audit = Migrations("audit")


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


@migrate()
def m003_disabled(db: Database) -> None:
    """Who may not log in for a while, or any more, and is not forgotten."""
    db.execute("ALTER TABLE users ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0")


@migrate()
def m004_failed_log_ins(db: Database) -> None:
    """See attempts.py."""
    db.table("failed_log_ins").create({"n": int, "name": str, "at": float}, pk="n", not_null={"name", "at"})
    db.table("failed_log_ins").create_index(["name"])


@migrate_tokens()
def m001_tokens(db: Database) -> None:
    db.table("tokens").create(
        {"name": str, "digest": str, "role": str, "made_at": float, "expires_at": float, "used_at": float},
        pk="name",
        not_null={"digest", "role", "made_at"},
    )
    db.table("tokens").create_index(["digest"], unique=True)


@migrate_tokens()
def m002_makers(db: Database) -> None:
    """Who made it, as the audit log names him; nothing is known of those that are there already."""
    db.execute("ALTER TABLE tokens ADD COLUMN made_by TEXT NOT NULL DEFAULT ''")


@migrate_audit()
def m001_audit(db: Database) -> None:
    db.table("audit").create(
        {"n": int, "at": float, "who": str, "action": str, "target": str, "outcome": str, "address": str, "detail": str},
        pk="n",
        not_null={"at", "who", "action", "target", "outcome", "address", "detail"},
    )
    db.table("audit").create_index(["at"])
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    db.execute(f"CREATE TRIGGER audit_stays BEFORE UPDATE ON audit {refuse}")
    young = f"OLD.at > (SELECT max(at) FROM audit) - {YOUNG_DAYS * DAY_S}"  # noqa: S608
    db.execute(f"CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN {young} {refuse}")
