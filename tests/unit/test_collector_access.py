"""Nothing answers without its role, a route that declares none stops the start, and what changes something is remembered."""

import logging
import re
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psycopg
import pytest
from aiohttp import web
from click.testing import CliRunner

from collector import cli, logs
from collector.core.errors import WrongUse
from collector.core.roles import ROLES, may
from collector.store.access import accounts as accounts_of
from collector.store.access import attempts
from collector.store.access.accounts import Accounts
from collector.store.access.audit import Wanted
from collector.web import login
from collector.web.access import Undeclared, access_of, demand_declarations
from collector.web.problems import ERRORS
from collector.web.server import LONGEST_BODY_BYTES, all_routes
from event_contract import topics
from event_contract.messages import DeviceStateData, HealthData, MachineHealth, encode
from event_contract.times import format_time
from tests.databases import PostgresSchema, StoreDatabase
from tests.unit.test_collector_web import PASSWORD, Site, run
from tests.wire_messages import CLOCK, DEVICE, birth, event, incident

ROUTES = [(one.method, one.path, access) for one in all_routes() if (access := access_of(one.handler))]
PUBLIC = {("GET", "/healthz"), ("GET", "/login"), ("POST", "/login")}
UPLOAD = ("POST", "/api/v1/stills/{request:[0-9a-f]{24}}")  # has a token for one time of its own


def example(path: str) -> str:
    """An address that fits: a number where one is wanted, the first of several words, else a name."""

    def fill(found: re.Match[str]) -> str:
        choices, digits = re.match(r"[a-z]+(?=\|)", found[1]), re.fullmatch(r"\[0-9a-f\]{(\d+)}", found[1])
        if digits:
            return "0" * int(digits[1])
        return choices[0] if choices else "1" if "0-9]{1,18}" in found[1] else "x"

    return re.sub(r"{\w+:?((?:[^{}]|{[^{}]*})*)}", fill, path)


def test_who_may_what(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        tokens = {role: Accounts(tmp_path / "accounts.sqlite").tokens.create(role, role) for role in ROLES}

        async def status(method: str, path: str, token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            async with site.http.request(method, site.url + path, headers=headers, allow_redirects=False) as answer:
                return answer.status

        for method, path, access in ROUTES:
            address = example(path)
            if access.role is None:
                assert (method, path) in PUBLIC | {UPLOAD}
                continue
            assert await status(method, address, "wrong") == 401
            for role in ROLES:
                told = await status(method, address, tokens[role])
                assert (told not in (401, 403)) == may(role, access.role), (method, path, role, told)

    run(tmp_path, scene)


def test_a_route_that_nobody_may_use_yet_stops_the_start() -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response()

    assert len(ROUTES) == len(all_routes())
    with pytest.raises(Undeclared, match="GET /api/v1/forgotten"):
        demand_declarations([*all_routes(), web.get("/api/v1/forgotten", forgotten)])


def test_a_token_is_shown_once_and_ends_when_it_expires_or_is_revoked(database: StoreDatabase) -> None:
    with closing(database.accounts()) as accounts:
        now = time.time()
        secret = accounts.tokens.create("wall", "viewer", now + 100)
        assert accounts.tokens.listed()[0].used_at is None
        assert accounts.tokens.who(secret, now + 99) == login.Who("token:wall", "viewer")
        assert accounts.tokens.listed()[0].used_at == now + 99
        assert accounts.tokens.who(secret, now + 101) is None
        assert accounts.tokens.who(secret + "x", now) is None
        with closing(database.reader()) as db:
            assert secret not in [value for row in db.execute("SELECT * FROM tokens").fetchall() for value in tuple(row)]
        with pytest.raises(WrongUse, match="is there already"):
            accounts.tokens.create("wall", "admin")
        accounts.tokens.revoke("wall")
        assert accounts.tokens.who(secret, now) is None
        for name, expires_at in (("", None), ("a b", None), ("late", now - 1)):
            with pytest.raises(WrongUse):
                accounts.tokens.create(name, "viewer", expires_at)


def test_who_could_log_in_before_there_were_roles_is_an_admin_and_one_stays(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "accounts.sqlite") as db:
        db.execute("CREATE TABLE users (name TEXT PRIMARY KEY, hash TEXT NOT NULL)")
        db.execute("CREATE TABLE sessions (digest TEXT PRIMARY KEY, user TEXT NOT NULL, expires FLOAT NOT NULL)")
        db.execute("CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT, applied_at TEXT)")
        db.execute("INSERT INTO _sqlite_migrations VALUES ('accounts', 'm001_accounts', '')")
        db.execute("INSERT INTO users VALUES ('operator', 'hash')")
        session = (accounts_of.digest("cookie"), "operator", time.time() + 3600)
        db.execute("INSERT INTO sessions VALUES (?, ?, ?)", session)
    accounts = Accounts(tmp_path / "accounts.sqlite")
    assert accounts.users() == [("operator", "admin", False)]
    accounts.set_password("lan", PASSWORD)
    assert accounts.users() == [("lan", "operator", False), ("operator", "admin", False)]
    for change in (lambda: accounts.remove("operator"), lambda: accounts.set_role("operator", "viewer")):
        with pytest.raises(WrongUse, match="only admin"):
            change()
    accounts.set_role("lan", "admin")
    accounts.set_password("lan", PASSWORD + "x")
    accounts.remove("operator")
    assert accounts.users() == [("lan", "admin", False)]


def test_a_session_that_nobody_uses_ends_and_one_in_use_goes_on(database: StoreDatabase) -> None:
    with closing(database.accounts()) as accounts:
        accounts.set_password("lan", PASSWORD, "viewer")
        session, now = accounts.open_session("lan"), time.time()
        for hour in range(1, 12):
            assert accounts.who(session, now + 3500 * hour) == login.Who("lan", "viewer")
        assert accounts.who(session, now + 3500 * 11 + accounts_of.IDLE_S + 60) is None
        used = accounts.open_session("lan")
        for minute in range(0, 720, 30):
            assert accounts.who(used, now + 60 * minute) is not None
        assert accounts.who(used, now + accounts_of.SESSION_S + 60) is None  # however much it is used


def test_who_is_disabled_is_out_at_once_with_all_he_made_and_may_be_let_in_again(database: StoreDatabase) -> None:
    with closing(database.accounts()) as accounts:
        for name in ("lan", "operator"):
            accounts.set_password(name, PASSWORD, "admin")
        session, now = accounts.open_session("lan"), time.time()
        makers = {"hers": "lan", "second": "token:hers", "other": "operator", "old": ""}
        secrets = {name: accounts.tokens.create(name, "admin", made_by=maker) for name, maker in makers.items()}
        assert accounts.disable("lan") == ["hers", "second"]
        assert accounts.who(session) is None and not accounts.check("lan", PASSWORD)
        assert [name for name, secret in secrets.items() if accounts.tokens.who(secret, now)] == ["other", "old"]
        assert accounts.users() == [("lan", "admin", True), ("operator", "admin", False)]
        with pytest.raises(WrongUse, match="only admin"):  # who cannot log in is no other one
            accounts.disable("operator")
        accounts.set_password("lan", PASSWORD + "x")
        assert not accounts.check("lan", PASSWORD + "x") and accounts.who(accounts.open_session("lan")) is None
        accounts.set_role("lan", "viewer")
        accounts.enable("lan")
        assert accounts.check("lan", PASSWORD + "x") and accounts.who(session) is None
        assert accounts.users()[0] == ("lan", "viewer", False) and accounts.tokens.listed()[1].made_by == "operator"
        assert accounts.tokens.create("again", "viewer", made_by="lan") and accounts.remove("lan") == ["again"]
        for change in (accounts.disable, accounts.enable):
            with pytest.raises(WrongUse, match="there is none"):
                change("lan")


def test_failures_lock_at_every_collector_for_fifteen_minutes_or_until_a_success(database: StoreDatabase) -> None:
    both, now = ("account a", "address b"), 1_772_410_521.0
    with closing(database.accounts()) as accounts, closing(database.accounts()) as elsewhere:
        here, there = accounts.attempts, elsewhere.attempts
        assert all((here, there)[second % 2].begin(both, now + second) for second in range(4))
        assert here.begin(("account a",), now + 4)
        assert not here.begin(both, now + 5) and not there.begin(both, now + 5)
        assert there.begin(("address b", "account nul\0"), now + 5)  # what was refused counted nothing
        assert not here.begin(both, now - 60)  # by a clock that is behind
        assert not there.begin(both, now + 899) and there.begin(both, now + 901)
        there.succeed(both)
        with ThreadPoolExecutor(6) as pool:  # as many at once as one after the other
            tried = list(pool.map(lambda n: (here, there)[n % 2].begin(both, now + 902), range(12)))
        assert tried.count(True) == attempts.FAILURES_ALLOWED


def test_so_many_failures_are_kept_and_no_more(database: StoreDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_KEPT", 10)
    with closing(database.accounts()) as accounts, closing(database.reader()) as db:
        for n in range(20):
            assert accounts.attempts.begin((f"account {n}",), 1000.0 + n)
        assert db.execute("SELECT name FROM failed_log_ins ORDER BY n").fetchone()[0] == "account 9"
        assert accounts.attempts.begin(("account 20",), 5000.0)
        assert db.execute("SELECT count(*) FROM failed_log_ins").fetchone()[0] == 1


def test_what_one_collector_changes_the_others_of_the_database_know_at_once(database: StoreDatabase) -> None:
    with closing(database.accounts()) as one, closing(database.accounts()) as other:
        assert [one.set_first("operator", PASSWORD), other.set_first("operator", PASSWORD + "x")] == [True, False]
        assert other.check("operator", PASSWORD) and not other.check("nobody\0", PASSWORD)
        session = one.open_session("operator")
        assert other.who(session) == login.Who("operator", "admin")
        with pytest.raises(WrongUse, match="only admin"):
            other.set_role("operator", "viewer")
        for name in ("lan", "operator", "operator"):
            other.set_password(name, PASSWORD + "x", "admin")
        assert one.who(session) is None and one.check("operator", PASSWORD + "x")
        one.remove("operator")
        assert other.users() == [("lan", "admin", False)]
        with pytest.raises(WrongUse, match="there is none"):
            other.set_role("operator", "admin")
        secret = one.tokens.create("wall", "viewer")
        assert other.tokens.who(secret, time.time()) == login.Who("token:wall", "viewer")
        other.tokens.revoke("wall")
        assert one.tokens.who(secret, time.time()) is None
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: (one, other)[n % 2].audit.write("lan", f"deed {n}", "nul\0"), range(20)))
        assert [entry.n for entry in one.audit.read()] == list(range(1, 21))
        assert {entry.action for entry in one.audit.read(limit=15)} < {f"deed {n}" for n in range(20)}


def test_the_database_itself_lets_nobody_change_or_delete_what_was_audited(database: StoreDatabase) -> None:
    with closing(database.accounts()) as accounts, closing(database.writer()) as db:
        accounts.audit.write("lan", "log in")
        for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
            with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="append-only"):
                db.execute(statement)
        assert [entry.who for entry in accounts.audit.read()] == ["lan"]


def test_the_audit_log_remembers_who_did_what_and_nobody_can_change_it(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.put(b"garbage")
        Accounts(tmp_path / "accounts.sqlite").set_role("operator", "engineer")
        await site.log_in("wrong password")
        await site.log_in()
        viewer = Accounts(tmp_path / "accounts.sqlite").tokens.create("wall", "viewer")
        headers = {"Authorization": f"Bearer {viewer}"}
        async with site.http.delete(f"{site.url}/api/v1/dead-letters/1", headers=headers) as answer:
            assert answer.status == 403
            assert "engineer" in (await answer.json())["detail"]
        async with site.http.delete(f"{site.url}/api/v1/dead-letters/1") as answer:
            assert answer.status == 200
        page = await site.get("/api/v1/audit?limit=4")
        assert [(one["who"], one["action"], one["target"], one["outcome"]) for one in page["entries"]] == [
            ("", "log in", "operator", "failed"),
            ("operator", "log in", "", "ok"),
            ("token:wall", "DELETE /api/v1/dead-letters/{n}", "/api/v1/dead-letters/1", "refused"),
            ("operator", "DELETE /api/v1/dead-letters/{n}", "/api/v1/dead-letters/1", "ok"),
        ]
        assert {one["address"] for one in page["entries"]} == {"127.0.0.1"}
        assert page["next"] == 4 and (await site.get("/api/v1/audit?after=4"))["entries"] == []
        newest = await site.get("/api/v1/audit?order=newest&limit=3")
        assert [one["n"] for one in newest["entries"]] == [4, 3, 2] and newest["next"] == 2
        rest = await site.get("/api/v1/audit?order=newest&limit=3&before=2")
        assert [one["n"] for one in rest["entries"]] == [1] and rest["next"] is None

    run(tmp_path, scene)
    with sqlite3.connect(tmp_path / "accounts.sqlite") as db:
        for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)


def test_what_the_audit_log_says_is_found_by_a_part_of_it(database: StoreDatabase) -> None:
    with closing(database.accounts()) as accounts:
        for target in ("Wall_1", "Wall-1", "Đèn", "đèn", "nul\0"):
            accounts.audit.write("lan", "revoke token", target)

        def found(text: str, **more: Any) -> list[str]:
            return [one.target for one in accounts.audit.read(Wanted(text=text, **more))]

        assert found("wall_1") == found("WALL_") == ["Wall_1"]
        assert found("token wall", newest_first=True) == ["Wall-1", "Wall_1"]
        assert found("Đ") == ["Đèn"] and found("nul\0") == ["nul\ufffd"] and found("nobody") == []
        assert found("lan", after=1, before=4) == ["Wall-1", "Đèn"]


def test_old_entries_go_and_a_clock_that_leaps_takes_none(database: StoreDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = database.accounts(keep_audit_days=40)
    began = time.time()
    for day in (0, 1, 200, 39.5, 40.4, 41.5):
        monkeypatch.setattr("collector.store.access.audit.time.time", lambda day=day: began + day * 86400)
        accounts.audit.write("lan", f"day {day}")
    assert [one.action for one in accounts.audit.read()] == ["day 200", "day 39.5", "day 40.4", "day 41.5"]
    assert [one.n for one in accounts.audit.read()] == [3, 4, 5, 6]
    accounts.close()


def test_the_commands_make_and_end_tokens_and_export_the_audit_log(tmp_path: Path, database: StoreDatabase) -> None:
    where = ["--data-dir", str(tmp_path)]
    if isinstance(database, PostgresSchema):
        (tmp_path / "collector.toml").write_text(f'[store]\nurl = "{database.address.url}"\n')
        where = ["--config", str(tmp_path / "collector.toml")]

    def call(*words: str) -> str:
        result = CliRunner().invoke(cli.cli, [*words, *where], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    secret = call("tokens", "create", "wall", "--role", "viewer", "--expires", "2999-01-01").strip()
    assert "wall" in call("tokens", "list") and secret not in call("tokens", "list", "--json")
    call("users", "password", "lan", "--password", PASSWORD, "--role", "admin")
    call("tokens", "revoke", "wall")
    lines = [msgspec.json.decode(line) for line in call("audit", "export").splitlines()]
    assert [(one["action"], one["target"]) for one in lines] == [
        ("create token", "wall"),
        ("set password", "lan"),
        ("revoke token", "wall"),
    ]
    [last] = call("audit", "export", "--format", "syslog", "--after", "2").splitlines()
    assert re.fullmatch(r'<109>1 \S+Z \S+ kerbwatch - audit \[audit@32473 n="3" who="cli.*" target="wall" .*\] .*', last)
    assert secret not in call("audit", "export")


def test_a_syslog_line_stays_one_and_its_values_stay_inside() -> None:
    from collector.cli.audit import syslog
    from collector.store.access.audit import Entry

    line = syslog(Entry(1, 0.0, 'a"]\n<0>1 x\\', "log in", "b\nc", "failed", "127.0.0.1", ""))
    assert "\n" not in line and r'who="a\"\] <0>1 x\\"' in line and line.startswith("<108>1 1970")


BAD_QUESTIONS = (
    ("/alerts?limit=0", "limit"),
    ("/alerts?before=-1", "before"),
    ("/alerts?before=null", "before"),
    ("/alerts?colour=red", "colour"),
    ("/alerts?limit=1&limit=2", "limit"),
    ("/alerts?from=yesterday", "from"),
    ("/alerts?to=2026-03-02", "to"),
    ("/traffic?to=noon", "to"),
    ("/alerts?bbox=1,2,3", "bbox"),
    ("/alerts?bbox=1,2,3,nan", "bbox"),
    ("/alerts?state=ajar", "state"),
    ("/devices?x=1", "x"),
    ("/feeds/cap?before=x", "before"),
    ("/audit?after=1.5", "after"),
)


def test_a_problem_names_the_field(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        for path, field in BAD_QUESTIONS:
            async with site.http.get(f"{site.url}/api/v1{path}", headers=site.bearer) as answer:
                assert (answer.status, answer.content_type) == (400, "application/problem+json"), path
                problem = await answer.json()
                assert (problem["field"], problem["status"], problem["title"]) == (field, 400, "Bad Request")

    run(tmp_path, scene)


def test_problems_of_other_sorts(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        async def problem(method: str, path: str, **how: object) -> tuple[int, str | None, aiohttp.ClientResponse]:
            async with site.http.request(method, site.url + path, **{"headers": site.bearer, **how}) as answer:  # type: ignore[arg-type]
                assert answer.content_type == "application/problem+json"
                return answer.status, (await answer.json()).get("field"), answer

        long = b"username=a&password=" + b"x" * LONGEST_BODY_BYTES
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await problem("POST", "/login", data=long, headers=form))[:2] == (413, "body")
        assert (await problem("POST", "/login", data=b"{}"))[:2] == (415, "body")
        bad = ((b"{", "body"), (b'{"reason": 1}', "reason"), (b'{"x": 1}', "x"), (b"{}", "ids"), (b"\xff", "body"))
        for body, field in bad:
            json = {**site.bearer, "Content-Type": "application/json"}
            assert (await problem("POST", "/api/v1/alerts/confirm", data=body, headers=json))[:2] == (400, field), body
        assert (await problem("GET", "/api/v1/nowhere"))[:2] == (404, None)
        assert (await problem("GET", "/api/v1/dead-letters/7"))[:2] == (404, None)
        status, _, answer = await problem("PUT", "/api/v1/alerts")
        assert status == 405 and "GET" in answer.headers["Allow"]
        status, _, answer = await problem("GET", "/api/v1/alerts", headers={})
        assert (status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")

    run(tmp_path, scene)


def test_alerts_by_what_stands_in_them_and_page_by_page(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        began = time.time() - 60
        site.put(encode(birth(1, 5)), topic=topics.status(DEVICE))
        for n in range(1, 6):
            kind, severity = ("wrong_way", "critical") if n % 2 else ("stopped_vehicle", "medium")
            started = format_time(began + n)
            told = {"kind": kind, "severity": severity, "started_at": started, "position": {"lon": 109.0 + n, "lat": 13.7}}
            site.put(event(incident(incident=f"r/north/{n}", **told), n))

        async def found(query: str) -> list[str]:
            return [one["id"][-1] for one in (await site.get(f"/api/v1/alerts?{query}"))["alerts"]]

        assert await found("kind=wrong_way") == ["5", "3", "1"]
        assert await found("severity=medium,low") == ["4", "2"]
        assert await found(f"device={DEVICE}&site=qn-test&state=open") == ["5", "4", "3", "2", "1"]
        assert await found("device=other") == await found("site=other") == await found("state=rejected") == []
        assert await found("bbox=110.5,13,112.5,14") == ["3", "2"]
        assert await found("bbox=113.5,13,110.5,14") == ["5", "1"]
        assert await found("bbox=110.5,14,112.5,15") == []
        assert await found(f"from={format_time(began + 2)}&to={format_time(began + 4)}") == ["3", "2"]
        page, seen = await site.get("/api/v1/alerts?kind=wrong_way&limit=2"), []
        seen += page["alerts"]
        page = await site.get(f"/api/v1/alerts?kind=wrong_way&limit=2&before={page['next']}")
        assert page["next"] is None
        assert [one["id"][-1] for one in [*seen, *page["alerts"]]] == ["5", "3", "1"]

    run(tmp_path, scene)


def test_figures_of_devices_alerts_and_errors(tmp_path: Path) -> None:
    async def scene(site: Site) -> None:
        site.put(encode(birth(1, 2)), topic=topics.status(DEVICE))
        site.put(event(incident(), 1))
        machine = MachineHealth(temperature_c=61.5, throttled=False)
        figures: dict[str, Any] = {"outbox_messages": 7, "oldest_unacknowledged_s": 4.5, "machine": machine}
        health = HealthData(run="r", uptime_s=60, clock=CLOCK, **figures)
        state = DeviceStateData(run="r", level="warn", items=(), clock=CLOCK)
        site.put(event(state, 1, stream="s2", event_class="state"), topic=topics.event(DEVICE, "state"))
        site.put(event(health, 1, stream="s3", event_class="telemetry"), topic=topics.event(DEVICE, "telemetry"))
        site.app[ERRORS]["KeyError"] += 1
        async with site.http.get(f"{site.url}/metrics", headers=site.bearer) as answer:
            lines = (await answer.text()).splitlines()
        for line in (
            "kerbwatch_store_writable 1.0",
            "kerbwatch_store_leading 1.0",
            f'kerbwatch_device_online{{device="{DEVICE}"}} 1.0',
            f'kerbwatch_device_outbox_messages{{device="{DEVICE}"}} 7.0',
            f'kerbwatch_device_outbox_oldest_seconds{{device="{DEVICE}"}} 4.5',
            f'kerbwatch_device_health{{device="{DEVICE}"}} 1.0',
            f'kerbwatch_device_maintenance{{device="{DEVICE}"}} 0.0',
            f'kerbwatch_device_temperature_celsius{{device="{DEVICE}"}} 61.5',
            f'kerbwatch_device_throttled{{device="{DEVICE}"}} 0.0',
            'kerbwatch_alerts_open_by_kind{kind="stopped_vehicle"} 1.0',
            'kerbwatch_http_errors_total{error="KeyError"} 1.0',
        ):
            assert line in lines, line
        assert not any(line.startswith("kerbwatch_device_cpu_busy{") for line in lines)  # it did not tell

    run(tmp_path, scene)


def test_what_is_logged_is_one_document_a_line() -> None:
    lines: list[str] = []
    handler = logs._Lines(lines.append)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        handler.emit(logging.LogRecord("collector.x", logging.ERROR, "", 1, "%s failed", ("it",), sys.exc_info()))
    [line] = lines
    told = msgspec.json.decode(line)
    assert "\n" not in line and (told["level"], told["logger"], told["message"]) == ("error", "collector.x", "it failed")
    assert "ValueError: two" in told["error"]


def test_an_error_of_ours_is_counted_and_keeps_its_insides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(site: Site) -> None:
        async def fail(*_args: object) -> None:
            raise RuntimeError("the secret inside")

        monkeypatch.setattr("collector.web.api.ask", fail)
        async with site.http.get(f"{site.url}/api/v1/devices", headers=site.bearer) as answer:
            assert answer.status == 500
            assert await answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
        assert site.app[ERRORS] == {"RuntimeError": 1}

    run(tmp_path, scene)
