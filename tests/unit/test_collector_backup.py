"""A backup is whole, secret and of one moment while the collector writes; a restore is all of it, checked, or nothing."""

import io
import sqlite3
import stat
import tarfile
import threading
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from collector.app.first_start import TOKEN_FILE, api_token
from collector.core.delivery import Received
from collector.store.access.accounts import ACCOUNTS, Accounts
from collector.store.backups import backup, restoring
from collector.store.backups.archive import MANIFEST, BackupError, Manifest
from collector.store.engines.sqlite import DATABASE, Sqlite, connect
from collector.store.event_store import EventStore
from collector.store.questions import queries
from event_contract import topics
from event_contract.messages import encode
from tests.wire_messages import DEVICE, STREAM, birth, event, incident

INCIDENTS, STATUS = topics.event(DEVICE, "incident"), topics.status(DEVICE)
NOW = 1_772_467_200.0


def quiet(what: str, done: int, of: int) -> None:
    """Progress that nobody looks at."""


def put(store: EventStore, *payloads: bytes, topic: str = INCIDENTS) -> None:
    store.commit([Received(topic, payload, NOW) for payload in payloads])


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """As `collector serve` leaves it: events, a user, a token, and keys as they may come."""
    folder = tmp_path / "data"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "ca.key").write_text("secret")
    (folder / "lock").write_text("process 1\n")
    with closing(Accounts(folder / ACCOUNTS)) as accounts:
        accounts.set_password("operator", "cau-thi-nai-2026")
    api_token(folder)
    with closing(EventStore(Sqlite(folder / DATABASE))) as store:
        put(store, encode(birth(1, 3)), topic=STATUS)
        put(store, *(event({"kind": "x"}, seq) for seq in (1, 2, 3)))
    return folder


def test_what_was_saved_is_restored_with_every_secret_for_the_owner_alone(data_dir: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out.tar", tmp_path / "again"
    manifest = backup.make(data_dir, out, quiet)
    assert {file.name for file in manifest.files} == {DATABASE, ACCOUNTS, TOKEN_FILE, "keys/ca.key"}
    assert next(file.rows["events"] for file in manifest.files if file.name == DATABASE) == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again.mkdir()
    assert restoring.restore(out, again, quiet) == manifest
    assert (again / TOKEN_FILE).read_text() == (data_dir / TOKEN_FILE).read_text()
    assert {stat.S_IMODE((again / file.name).stat().st_mode) for file in manifest.files} == {0o600}
    with closing(Accounts(again / ACCOUNTS)) as accounts:
        assert accounts.check("operator", "cau-thi-nai-2026")
    with closing(connect(again / DATABASE)) as db:
        assert queries.summary(db)["events"] == 3
    assert {path.name for path in tmp_path.iterdir()} == {"data", "out.tar", "again"}


def test_a_backup_is_of_one_moment_however_much_is_written_meanwhile(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows in each transaction: a copy that mixed moments would hold one of them alone."""
    stopping = threading.Event()
    pairs = 0

    def write() -> None:
        nonlocal pairs
        with closing(sqlite3.connect(data_dir / DATABASE, isolation_level=None, timeout=20)) as db:
            while not stopping.is_set():
                pairs += 1
                rows = [("a", "r", 2 * pairs, 2 * pairs, "x"), ("a", "r", 2 * pairs + 1, 2 * pairs + 1, "x")]
                db.execute("BEGIN IMMEDIATE")
                db.executemany("INSERT INTO lost_notices (device, stream, first, last, reason) VALUES (?, ?, ?, ?, ?)", rows)
                db.execute("COMMIT")

    seen: list[int] = []

    def wait_for_more(what: str, done: int, of: int) -> None:
        if what == f"copy {DATABASE}":
            seen.append(pairs)
            assert len(seen) < 100, "it begins anew with every write"
            while pairs < seen[-1] + 2:
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    monkeypatch.setattr(backup, "PAGES_AT_ONCE", 8)
    writer.start()
    try:
        manifest = backup.make(data_dir, tmp_path / "out.tar", wait_for_more)
    finally:
        stopping.set()
        writer.join()
    rows = next(file.rows["lost_notices"] for file in manifest.files if file.name == DATABASE)
    assert rows % 2 == 0
    assert len(seen) > 3 and rows // 2 <= seen[0]  # it goes on, and what came later is not in it


def test_what_is_damaged_cut_off_or_no_backup_leaves_the_folder_empty(data_dir: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.tar"
    backup.make(data_dir, whole, quiet)
    text = whole.read_bytes()
    flipped = text.replace(b'{"kind":"x"}', b'{"kind":"y"}')
    assert flipped != text
    cases = {
        "flipped": (flipped, f"{DATABASE} is not what was saved"),
        "cut": (text[: len(text) // 2], "damaged|missing"),
        "text": (b"no archive at all", "no backup"),
        "other": (tar_of({"readme": b"x"}), f"has no {MANIFEST}"),
        "sly": (tar_of({MANIFEST: sly()}), "no file of a data folder"),
        "newer": (tar_of({MANIFEST: b'{"made_at":"","software":"9.0","files":[],"format":2}'}), "install kerbwatch 9.0"),
    }
    target = tmp_path / "target"
    target.mkdir()
    for name, (content, told) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupError, match=told):
            restoring.restore(tmp_path / name, target, quiet)
        assert list(target.iterdir()) == []
    with pytest.raises(BackupError, match="nothing was restored"):
        restoring.restore(tmp_path / "nowhere.tar", target, quiet)


def test_a_database_of_a_newer_version_is_refused(data_dir: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data_dir / DATABASE)) as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('collector', 'm999_later', '')")
        db.commit()
    backup.make(data_dir, tmp_path / "out.tar", quiet)
    (tmp_path / "target").mkdir()
    with pytest.raises(BackupError, match="newer version"):
        restoring.restore(tmp_path / "out.tar", tmp_path / "target", quiet)


def test_nothing_is_overwritten(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "out.tar").write_text("precious")
    with pytest.raises(BackupError, match="is there already"):
        backup.make(data_dir, tmp_path / "out.tar", quiet)
    with pytest.raises(BackupError, match="and 3 more; move it away"):
        restoring.check_empty(data_dir)
    restoring.check_empty(tmp_path / "nowhere")
    with pytest.raises(BackupError, match="nothing of a collector"):
        (tmp_path / "empty").mkdir()
        backup.make(tmp_path / "empty", tmp_path / "new.tar", quiet)


def test_after_a_restore_what_was_acknowledged_since_shows_as_missing(data_dir: Path, tmp_path: Path) -> None:
    """The devices have deleted it: their births begin above."""
    backup.make(data_dir, tmp_path / "out.tar", quiet)
    with closing(EventStore(Sqlite(data_dir / DATABASE))) as store:
        put(store, *(event(incident(), seq) for seq in (4, 5)))
    again = tmp_path / "again"
    again.mkdir()
    restoring.restore(tmp_path / "out.tar", again, quiet)
    with closing(EventStore(Sqlite(again / DATABASE))) as store:
        store.commit([Received(STATUS, encode(birth(6, 6, connection=2)), NOW + 3600)])
        put(store, event({"kind": "x"}, 6))
    with closing(connect(again / DATABASE)) as db:
        [stream] = queries.streams(db)
    assert (stream["stream"], stream["missing"], stream["announced"]["lowest"]) == (STREAM, ((4, 5),), 6)


def tar_of(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def sly() -> bytes:
    """A manifest that would write beside the folder."""
    manifest = Manifest("", "0", ())
    return msgspec.json.encode(manifest).replace(b'"files":[]', b'"files":[{"name":"../x","bytes":1,"sha256":""}]')
