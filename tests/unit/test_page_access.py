"""Nothing of the device's page is open to a stranger, and nothing is changed without the session's own token."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.web import audit as audit_file
from edge_agent.web.access import Undeclared, access_of, demand_declarations
from edge_agent.web.accounts import ACCOUNTS_FILE, Accounts
from edge_agent.web.application import STATIC, all_routes
from edge_agent.web.audit import AUDIT_FILE, Audit, Entry
from edge_agent.web.certificate import ensured, fingerprint
from edge_agent.web.guard import is_near, origin_is
from edge_agent.web.sessions import FAILURES_WITHIN_S, LONGEST_S, SESSIONS, Attempts, Sessions
from tests.unit.running_page import PASSWORD, USER, RunningPage, running_page

ROUTES = [(one.method, one.path, access) for one in all_routes() if (access := access_of(one.handler))]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPage]:
    with running_page(tmp_path_factory.mktemp("web")) as running:
        yield running


def example(path: str) -> str:
    return re.sub(r"{\w+:?((?:[^{}]|{[^{}]*})*)}", "nobody", path)


def test_a_stranger_is_told_where_to_log_in(page: RunningPage) -> None:
    assert page.ask("GET", "/api/v1/me").json["title"] == "Unauthorized"
    assert page.ask("GET", "/", Accept="text/html").headers["Location"] == "/login"


def test_who_logs_out_is_out_and_nobody_else(page: RunningPage) -> None:
    cookie, other = page.cookie(), page.cookie()
    assert page.ask("POST", "/logout", cookie=cookie, X_CSRF_Token=page.csrf(cookie)).status == 200
    assert page.ask("GET", "/api/v1/me", cookie=cookie).status == 401
    assert page.ask("GET", "/api/v1/me", cookie=other).status == 200


def test_a_route_that_declares_nothing_stops_the_start() -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response()

    assert len(ROUTES) == len(all_routes())
    with pytest.raises(Undeclared, match="GET /api/v1/forgotten"):
        demand_declarations([*all_routes(), web.get("/api/v1/forgotten", forgotten)])


def test_the_cookie_stays_with_this_host_and_its_browser(page: RunningPage) -> None:
    flags = page.log_in().headers["Set-Cookie"].split("; ")
    assert flags[0].startswith("__Host-kerbwatch=")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(flags[1:])


def test_a_foreign_name_or_origin_is_refused(page: RunningPage) -> None:
    cookie = page.cookie()
    for host in ("evil.example", "10.0.0.1", "[::1]", "["):
        assert page.ask("GET", "/api/v1/me", cookie=cookie, Host=host).status == 421, host
    for host in (f"qn-01.local:{page.port}", "localhost", "127.0.0.1"):
        assert page.ask("GET", "/api/v1/me", cookie=cookie, Host=host).status == 200, host
    token = page.csrf(cookie)
    for told in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert page.ask("POST", "/logout", cookie=cookie, X_CSRF_Token=token, **told).status == 403, told
        form = b"username=technician&password=x"
        assert page.ask("POST", "/login", body=form, **told).status == 403
    assert origin_is({"Origin": "https://box:8443"}, "box:8443") and not origin_is({"Origin": "http://box:8443"}, "box:8443")


def test_only_the_local_network_is_near() -> None:
    near = ("127.0.0.1", "10.1.2.3", "192.168.4.17", "172.16.0.9", "169.254.3.3", "::1", "fe80::1%wlan0", "fd00::5")
    assert is_near("::ffff:10.0.0.1")
    far = ("8.8.8.8", "113.161.1.1", "2001:4860::8888", "::ffff:8.8.8.8", "", "x")
    assert [is_near(one) for one in near] == [True] * len(near)
    assert [is_near(one) for one in far] == [False] * len(far)


def test_five_failures_lock_the_account_whoever_asks(tmp_path: Path) -> None:
    with running_page(tmp_path) as page:
        page.accounts.set_password("other", PASSWORD)
        for _ in range(5):
            assert page.log_in("wrong password").headers["Location"] == "/login?failed"
        assert page.log_in().headers["Location"] == "/login?locked"
        assert page.log_in(user="other").headers["Location"] == "/login?locked"  # the address is locked, too
        assert [one.outcome for one in page.audit.newest(10)] == ["failed"] * 5
        assert {(one.who, one.action, one.address) for one in page.audit.newest(10)} == {(USER, "log in", "127.0.0.1")}


def test_failures_are_forgiven_after_a_quarter_of_an_hour() -> None:
    attempts = Attempts()
    for at_s in range(5):
        assert not attempts.locked(("a",), at_s)
        attempts.fail(("a",), at_s)
    assert attempts.locked(("a", "b"), FAILURES_WITHIN_S - 1)
    assert not attempts.locked(("b",), 5)
    assert not attempts.locked(("a",), FAILURES_WITHIN_S)


def test_a_session_ends_when_it_is_left_and_when_it_is_old() -> None:
    sessions = Sessions(idle_s=900)
    token = sessions.open(USER, "mark", 0)
    assert sessions.find(token, 899, use=False) and sessions.find(token, 899, use=True)
    assert sessions.find(token, 1798, use=False)
    assert sessions.find(token, 1799, use=True) is None and sessions.find(token, 0, use=True) is None
    token = sessions.open(USER, "mark", 0)
    assert all(sessions.find(token, at_s, use=True) for at_s in range(0, int(LONGEST_S), 800))
    assert sessions.find(token, LONGEST_S, use=True) is None
    tokens = [sessions.open(USER, "mark", at_s) for at_s in range(SESSIONS + 1)]
    assert sessions.find(tokens[0], 20, use=True) is None and sessions.find(tokens[1], 20, use=True)


def test_a_session_goes_on_over_a_restart_of_the_agent_but_not_of_the_device(tmp_path: Path) -> None:
    file, before = tmp_path / "sessions.json", Sessions(idle_s=900)
    token = before.open(USER, "mark", 100)
    before.keep(file, "boot")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and token not in file.read_text()
    after, again, other = Sessions(900), Sessions(900), Sessions(900)
    after.resume(file, "boot")
    assert after.find(token, 999, use=False) == before.find(token, 999, use=False) is not None
    assert after.find(token, 1000, use=False) is None
    again.resume(file, "boot")
    assert again.find(token, 200, use=False) is None  # it is there for one agent, once
    before.keep(file, "boot")
    other.resume(file, "another boot")
    file.write_text("{")
    other.resume(file, "boot")
    assert other.find(token, 200, use=False) is None


def test_what_the_page_asks_by_itself_is_no_use_of_the_session(tmp_path: Path) -> None:
    with running_page(tmp_path, idle_s=0.3) as page:
        cookie = page.cookie()
        asked = 0
        while page.ask("GET", "/api/v1/overview", cookie=cookie, X_Poll="1").status == 200:
            asked += 1
            assert asked < 1000
        assert page.ask("GET", "/api/v1/me", cookie=cookie).status == 401


def test_a_new_password_ends_the_sessions_of_the_old_one(tmp_path: Path) -> None:
    with running_page(tmp_path) as page:
        cookie = page.cookie()
        page.accounts.set_password(USER, PASSWORD + "2")
        assert page.ask("GET", "/api/v1/me", cookie=cookie).status == 401
        assert page.log_in().headers["Location"] == "/login?failed"
        assert page.log_in(PASSWORD + "2").headers["Location"] == "/"


def test_without_a_password_nobody_gets_in(tmp_path: Path) -> None:
    with running_page(tmp_path) as page:
        for content in ("", "{}", '{"technician": "no hash"}', '{"technician": 5}'):
            (tmp_path / "accounts.json").write_text(content)
            assert page.log_in("").headers["Location"] in ("/login?nobody", "/login?failed")
        (tmp_path / "accounts.json").unlink()
        assert page.log_in().headers["Location"] == "/login?nobody"


def test_secrets_are_their_owners_alone(tmp_path: Path) -> None:
    with running_page(tmp_path / "web") as page:
        page.log_in()
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "web").iterdir()}
    assert files == {"accounts.json": 0o600, "page.pem": 0o600, "audit.jsonl": 0o600}
    assert stat.S_IMODE((tmp_path / "web").stat().st_mode) == 0o700
    assert PASSWORD not in (tmp_path / "web" / "accounts.json").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for somebody else")
def test_what_root_sets_is_the_agents(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1234)
    Accounts(tmp_path / "web").set_password(USER, PASSWORD)
    for path in (tmp_path / "web", tmp_path / "web" / "accounts.json"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1234)


def test_the_certificate_is_made_once_and_names_the_device(tmp_path: Path) -> None:
    file = ensured(tmp_path, "qn-01", ("gate.lan",))
    before = file.read_bytes()
    assert ensured(tmp_path, "qn-01").read_bytes() == before
    certificate = x509.load_pem_x509_certificate(before)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["qn-01.local", "qn-01", "gate.lan", "localhost"]
    assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", fingerprint(file))


def test_every_answer_is_hardened(page: RunningPage) -> None:
    for path in ("/login", "/static/app.js", "/api/v1/me", "/nothing"):
        headers = page.ask("GET", path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'"), path
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] in ("no-store", "no-cache")
    assert page.ask("GET", "/static/../accounts.json").status in (401, 403, 404)
    assert page.ask("GET", "/static/").status in (401, 403, 404)
    assert page.ask("GET", "/static/%2e%2e/application.py").status in (401, 403, 404)


def test_a_body_that_is_too_large_or_none_is_refused(page: RunningPage) -> None:
    form = "application/x-www-form-urlencoded"
    assert page.ask("POST", "/login", body=b"a" * 300_000, Content_Type=form).status == 413
    assert page.ask("POST", "/login", body=b"{}", Content_Type="application/json").status == 415
    assert page.ask("POST", "/login", body=b"\xff=1", Content_Type=f"{form}; charset=nonsense").status == 400


def test_the_texts_of_both_languages_have_the_same_keys_and_all_that_are_asked_for() -> None:
    vi, en = re.split(r"const EN = ", (STATIC / "texts.js").read_text())
    keys = [re.findall(r'^  "?([\w. /-]+?)"?:', part, re.MULTILINE) for part in (vi, en)]
    assert keys[0] == keys[1] and len(keys[0]) == len(set(keys[0])) > 100
    asked = set[str]()
    for file in [*STATIC.rglob("*.js"), *STATIC.glob("*.html")]:
        asked |= set(re.findall(r'(?:\btext\(|\bpanel\(|data-text=|data-label=|key: )"([\w. ]+)"', file.read_text()))
    assert len(asked) > 50 and asked <= set(keys[0])


def test_who_did_what_is_told_over_the_change_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = Audit(tmp_path)
    entries = [Entry("2026-03-02T00:00:00.000Z", f"user {number}", "log in", "ok", "192.168.4.7") for number in range(5)]
    monkeypatch.setattr(audit_file, "FULL_BYTES", 3 * 150)
    for entry in entries:
        audit.write(entry)
    assert len(list(tmp_path.iterdir())) == 2 and audit.unwritten == 0
    assert audit.newest(4) == entries[:0:-1]


def test_a_file_that_a_card_has_spoiled_lets_nobody_in_and_stops_nothing(tmp_path: Path) -> None:
    for name in (ACCOUNTS_FILE, "sessions.json"):
        (tmp_path / name).write_bytes(b'{"boot\xff": "x"}')
    sessions, audit = Sessions(60), Audit(tmp_path)
    sessions.resume(tmp_path / "sessions.json", "boot")
    assert Accounts(tmp_path).names() == [] and Accounts(tmp_path).check(USER, PASSWORD) is None
    entry = Entry("2026-03-02T00:00:00.000Z", USER, "log in", "ok", "192.168.4.7")
    for detail in ("a", "b"):
        audit.write(msgspec.structs.replace(entry, detail=detail))
    (tmp_path / AUDIT_FILE).write_bytes((tmp_path / AUDIT_FILE).read_bytes().replace(b'"a"', b'"\xff"'))
    assert audit.newest(9) == [msgspec.structs.replace(entry, detail="b")]
