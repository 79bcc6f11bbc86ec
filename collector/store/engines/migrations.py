"""The schema of the event database, one step per function, applied in order and once each."""

from sqlite_utils import Database, Migrations

migrate = Migrations("collector")


@migrate()
def m001_events(db: Database) -> None:
    """`n` numbers the events in the order of their commits; (device, stream, seq) makes each of them unique."""
    db.table("events").create(
        {
            "n": int,
            "device": str,
            "stream": str,
            "seq": int,
            "class": str,
            "kind": str,
            "camera": str,
            "time": str,  # as the device told it
            "at": float,  # Unix seconds, corrected when the device's clock was not set
            "clock": str,  # synced | corrected | unsynced | unknown
            "boot": str,
            "mono_s": float,
            "received_at": float,
            "late": int,
            "payload": bytes,  # exactly the bytes received
        },
        pk="n",
        not_null={"device", "stream", "seq", "class", "kind", "time", "at", "clock", "received_at", "late", "payload"},
    )
    db.table("events").create_index(["device", "stream", "seq"], unique=True)
    db.table("events").create_index(["kind", "n"])
    db.table("events").create_index(["device", "n"])


@migrate()
def m002_streams(db: Database) -> None:
    """What is known of each stream besides its events: the retention mark `kept_from`, the birth's word, gaps, forks."""
    db.table("streams").create(
        {
            "device": str,
            "stream": str,
            "class": str,
            "counted_from": int,  # where this store's knowledge begins
            "kept_from": int,  # rows below have been deleted on purpose
            "announced_lowest": int,
            "announced_highest": int,
            "forked_at": float,
            "missing_first": int,
            "missing_since": float,
        },
        pk=("device", "stream"),
        not_null={"class", "counted_from", "kept_from"},
        defaults={"counted_from": 1, "kept_from": 1},
    )
    db.table("lost_notices").create(
        {"device": str, "stream": str, "first": int, "last": int, "reason": str, "received_at": float},
        pk=("device", "stream", "first", "last"),
    )
    db.table("boots").create({"device": str, "boot": str, "offset_s": float}, pk=("device", "boot"))


@migrate()
def m003_dead_letters(db: Database) -> None:
    """Messages that could not be stored as events; one that comes again is counted, not kept twice."""
    db.table("dead_letters").create(
        {
            "n": int,
            "digest": str,
            "topic": str,
            "device": str,
            "stream": str,
            "seq": int,
            "reason": str,
            "bytes": int,
            "payload": bytes,  # the first 64 KiB
            "first_at": float,
            "last_at": float,
            "times": int,
        },
        pk="n",
        not_null={"digest", "topic", "reason", "bytes", "payload", "first_at", "last_at", "times"},
    )
    db.table("dead_letters").create_index(["digest"], unique=True)


@migrate()
def m004_devices(db: Database) -> None:
    db.table("devices").create(
        {
            "device": str,
            "site": str,
            "online": int,
            "since": float,
            "run": str,
            "connection": int,
            "runs": str,  # JSON list
            "birth": bytes,  # the newest one, as received fields; null until one was heard
        },
        pk="device",
        not_null={"site", "online", "since", "run", "connection", "runs"},
    )


@migrate()
def m005_alerts(db: Database) -> None:
    """`alerts` holds the newest state of each; `alert_changes` every state it has had, in the order of `seq`."""
    db.table("alerts").create(
        {"id": str, "seq": int, "state": str, "kind": str, "device": str, "body": bytes},
        pk="id",
        not_null={"seq", "state", "kind", "device", "body"},
    )
    db.table("alerts").create_index(["seq"])
    db.table("alerts").create_index(["state", "seq"])
    db.table("alert_changes").create(
        {"seq": int, "alert": str, "action": str, "audible": int, "body": bytes},
        pk="seq",
        not_null={"alert", "action", "audible", "body"},
    )


@migrate()
def m006_runs(db: Database) -> None:
    """Since when the newest run of a device is known; open alerts learn their run, which an incident's id begins with."""
    db.execute("ALTER TABLE devices ADD COLUMN run_since FLOAT NOT NULL DEFAULT 0")
    db.execute("UPDATE devices SET run_since = since")
    db.execute(
        "UPDATE alerts SET body = CAST(json_set(CAST(body AS TEXT), '$.run',"
        " substr(id, length(device) + 2, instr(substr(id, length(device) + 2), '/') - 1)) AS BLOB)"
        " WHERE state = 'open' AND id NOT LIKE device || '/fork/%' AND id NOT LIKE device || '/missing/%'"
    )


@migrate()
def m007_age_basis(db: Database) -> None:
    """One row: the time that the age of events was last judged against, and since when a later one is not believed."""
    db.table("age_basis").create({"id": int, "known": float, "doubted_since": float}, pk="id", not_null={"known"})
    db.execute("INSERT INTO age_basis SELECT 1, max(received_at), NULL FROM events HAVING max(received_at) IS NOT NULL")


@migrate()
def m008_dead_ranges(db: Database) -> None:
    """Acknowledged numbers whose dead letter made room for newer ones."""
    db.table("dead_ranges").create(
        {"device": str, "stream": str, "first": int, "last": int},
        pk=("device", "stream", "first"),
        not_null={"last"},
    )
    db.table("dead_letters").create_index(["device", "n"])


@migrate()
def m009_own_alarms(db: Database) -> None:
    """The collector's own alarms move where no incident's name can be; the changes of the past keep their names."""
    db.execute(
        "UPDATE alerts SET id = 'collector/' || id,"
        " body = CAST(json_set(CAST(body AS TEXT), '$.id', 'collector/' || id) AS BLOB)"
        " WHERE kind = 'device_fault' AND json_extract(CAST(body AS TEXT), '$.run') IS NULL AND"
        " (id LIKE device || '/fork/%' OR id LIKE device || '/missing/%' OR id LIKE device || '/lost/%')"
    )


@migrate()
def m010_alert_retention(db: Database) -> None:
    """When a change was written, in Unix seconds; and from which one on all are kept."""
    db.execute("ALTER TABLE alert_changes ADD COLUMN changed_at FLOAT NOT NULL DEFAULT 0")
    received_at = "julianday(json_extract(CAST(body AS TEXT), '$.received_at'))"
    db.execute(f"UPDATE alert_changes SET changed_at = (coalesce({received_at}, julianday('now')) - 2440587.5) * 86400")  # noqa: S608
    db.table("alert_retention").create({"id": int, "kept_from": int}, pk="id", not_null={"kept_from"})
    db.table("alert_retention").insert({"id": 1, "kept_from": 1})


@migrate()
def m011_checked_streams(db: Database) -> None:
    """How far a stream's numbers were looked at, and the gaps found there, as JSON: see gaps.py."""
    db.execute("ALTER TABLE streams ADD COLUMN checked_to INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE streams ADD COLUMN checked_gaps TEXT NOT NULL DEFAULT '[]'")


@migrate()
def m012_traffic_sums(db: Database) -> None:
    """Traffic by hour and day, up to which event it is counted, and boots that wait for their clock: see rollups.py."""
    db.table("traffic_sums").create(
        {"device": str, "camera": str, "span": str, "begins": int, "sums": bytes},
        pk=("device", "camera", "span", "begins"),
        not_null={"sums"},
    )
    db.table("traffic_sums").create_index(["span", "begins"])
    db.table("traffic_counted").create({"id": int, "up_to": int}, pk="id", not_null={"up_to"})
    db.table("traffic_counted").insert({"id": 1, "up_to": 0})
    db.table("traffic_waiting").create(
        {"device": str, "boot": str, "first": int, "last": int}, pk=("device", "boot"), not_null={"first", "last"}
    )


@migrate()
def m013_events_by_time(db: Database) -> None:
    """What a device told in a span of time: of millions of its events only these are read."""
    db.table("events").create_index(["device", "at"])


@migrate()
def m014_unsynced_events(db: Database) -> None:
    """The few events that wait for their boot's clock: a device that starts again does not have its whole history read."""
    db.execute("CREATE INDEX idx_events_unsynced ON events (device, boot) WHERE clock = 'unsynced'")


@migrate()
def m015_changes_of_an_alert(db: Database) -> None:
    """What became of one alert, change by change."""
    db.table("alert_changes").create_index(["alert", "seq"])


@migrate()
def m016_life_of_alerts(db: Database) -> None:
    """`state`: does it call for people; `told`: what its device says. Also what sounded, by time, silences and shift notes."""
    db.execute("ALTER TABLE alerts ADD COLUMN told TEXT NOT NULL DEFAULT 'closed'")
    db.execute("UPDATE alerts SET told = state")
    db.execute("CREATE INDEX idx_alerts_told ON alerts (device) WHERE told = 'open'")
    db.execute("CREATE INDEX idx_alert_changes_audible ON alert_changes (changed_at) WHERE audible = 1")
    db.table("silences").create(
        {
            "n": int,
            "device": str,
            "camera": str,
            "lane": str,
            "kind": str,
            "begins": float,
            "ends": float,
            "reason": str,
            "author": str,
            "made_at": float,
        },
        pk="n",
        not_null={"begins", "ends", "reason", "author", "made_at"},
    )
    db.table("silences").create_index(["ends"])
    db.table("shift_notes").create(
        {"n": int, "at": float, "author": str, "text": str}, pk="n", not_null={"at", "author", "text"}
    )


@migrate()
def m017_subscribers(db: Database) -> None:
    """Who subscribes to alerts, and what they are to be told: see subscriptions.py and deliveries.py."""
    db.table("subscribers").create({"id": str, "name": str, "body": bytes}, pk="id", not_null={"name", "body"})
    db.table("subscribers").create_index(["name"], unique=True)
    db.table("deliveries").create(
        {
            "subscriber": str,
            "seq": int,  # of the change
            "queued_at": float,
            "due_at": float,
            "tries": int,
            "tried_at": float,
            "outcome": str,
            "delivered": int,
            "settled_at": float,  # delivered or given up
        },
        pk=("subscriber", "seq"),
        not_null={"queued_at", "due_at", "tries", "delivered"},
        defaults={"tries": 0, "delivered": 0},
    )
    db.execute("CREATE INDEX idx_deliveries_due ON deliveries (subscriber, due_at) WHERE settled_at IS NULL")
    db.execute("CREATE INDEX idx_deliveries_settled ON deliveries (settled_at) WHERE settled_at IS NOT NULL")


@migrate()
def m018_held_deliveries(db: Database) -> None:
    """Why one was held back, and the number of the summary that it is told in."""
    db.execute("ALTER TABLE deliveries ADD COLUMN held TEXT")
    db.execute("ALTER TABLE deliveries ADD COLUMN summary INTEGER")


@migrate()
def m019_lists_of_any_size(db: Database) -> None:
    """The newest figures of each device are found at once, and how many alerts there are is kept, not counted."""
    db.execute("CREATE INDEX idx_events_health ON events (device, n) WHERE kind = 'health'")
    db.table("kept_counts").create({"what": str, "n": int}, pk="what", not_null={"n"})
    db.execute("INSERT INTO kept_counts SELECT 'alerts', count(*) FROM alerts")


@migrate()
def m020_device_words(db: Database) -> None:
    """What each device said last of itself, kind by kind; `until` of maintenance: while it stands. See device_words.py."""
    db.table("device_words").create(
        {
            "kind": str,
            "device": str,
            "stream": str,
            "seq": int,
            "at": float,
            "received_at": float,
            "until": float,
            "body": bytes,
        },
        pk=("kind", "device"),
        not_null={"stream", "seq", "at", "received_at", "body"},
    )
