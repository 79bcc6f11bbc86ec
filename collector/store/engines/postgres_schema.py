"""The schema in PostgreSQL: the files of postgres_steps/, applied in the order of their numbers and once each.

What a step means is in migrations.py. Text is compared byte by byte, as SQLite does. Who listens on `kerbwatch_<schema>` hears
of every commit that changes alerts.
"""

from pathlib import Path

from collector.store.engines.postgres_db import PostgresDb

STEPS = Path(__file__).parent / "postgres_steps"


def bring_up_to_date(db: PostgresDb) -> None:
    """All steps that are not applied yet, or none of them; several collectors may start at the same time."""
    with db.connection.transaction():
        db.execute("SELECT pg_advisory_xact_lock(hashtext('kerbwatch schema'))")
        db.execute("CREATE TABLE IF NOT EXISTS schema_steps (step integer PRIMARY KEY)")
        [(applied,)] = db.execute("SELECT coalesce(max(step), 0) FROM schema_steps").fetchall()
        for number, step in enumerate(sorted(STEPS.glob("*.sql"))[applied:], applied + 1):
            db.connection.execute(step.read_bytes())
            db.execute("INSERT INTO schema_steps VALUES (?)", (number,))
