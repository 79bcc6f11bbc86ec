"""The command `collector` as a person meets it: real processes, exit codes, one line per error."""

import csv
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from collector.app.first_start import prepare_accounts
from collector.cli import COMMANDS, cli
from collector.client import Api
from collector.config import load, with_options
from collector.config.broker import Tls
from collector.core.errors import WrongUse
from collector.store.access.accounts import ACCOUNTS, Accounts
from collector.store.engines.sqlite import connect
from collector.store.questions import queries
from event_contract import topics
from event_contract.messages import encode
from tests.brokers import free_port, mosquitto
from tests.unit.test_collector_ingest import Device
from tests.wire_messages import DEVICE, STREAM, birth, event, incident

TOKEN = "a file with a token"
COMMAND = [sys.executable, "-c", "from collector.cli import main; main()"]


def collector(*arguments: str | Path, patience_s: float = 60) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100"}
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=patience_s, env=environment)


class Served:
    """A running `collector serve` with its ports, stopped at the end."""

    def __init__(self, tmp_path: Path, *options: str, until: str = ": connected", mqtt_port: int = 0) -> None:
        self.data_dir = tmp_path / "data"
        self.http_port, self.mqtt_port = free_port(), mqtt_port or free_port()
        self.options = options
        self.until = until
        self.log = tmp_path / "serve.log"
        self.start()

    def start(self) -> None:
        ports = ["--http-port", str(self.http_port), "--mqtt-port", str(self.mqtt_port)]
        command = [*COMMAND, "serve", "--data-dir", str(self.data_dir), *ports, *self.options]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while self.until not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    @property
    def access(self) -> list[str]:
        return ["--url", f"http://127.0.0.1:{self.http_port}", "--token-file", str(self.data_dir / "api-token")]

    def status_of(self, path: str) -> int:
        token = (self.data_dir / "api-token").read_text().strip()
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        with closing(connection):
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            return connection.getresponse().status

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def served(tmp_path: Path, *options: str, **told: Any) -> Iterator[Served]:
    running = Served(tmp_path, *(options or ("--embedded-broker",)), **told)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.mark.chain
def test_from_an_event_to_the_lines_that_a_person_reads(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        tail = subprocess.Popen(
            [*COMMAND, "alerts", "tail", "--since", "0", "--lang", "vi", *running.access], stdout=subprocess.PIPE, text=True
        )
        device = Device(running.mqtt_port)
        device.send(encode(birth(1, 1)), topics.status(DEVICE), retain=True)
        first = event(incident(), 1)
        device.send(first)
        device.acks(1)
        assert tail.stdout is not None
        assert re.search(rf"CAO +Xe dừng trên phần đường xe chạy +{DEVICE}/north làn 2 +mở", tail.stdout.readline())

        # the collector and with it its broker die; the tail resumes where it was
        running.process.kill()
        running.process.wait()
        device.close()
        running.log.write_text("")
        running.start()
        device = Device(running.mqtt_port)
        device.send(first)
        device.send(b"no event")
        device.send(event(incident(revision=2, phase="end"), 2))
        assert device.acks(2) == {1, 2}
        assert "đã hết" in tail.stdout.readline()
        tail.send_signal(signal.SIGINT)
        assert tail.wait(20) == 130
        device.close()

        listed = collector("alerts", "list", "--json", *running.access)
        assert [json.loads(line)["revision"] for line in listed.stdout.splitlines()] == [2]
        assert "Vehicle stopped" in collector("alerts", "list", "--state", "closed", *running.access).stdout
        assert collector("events", "list", *running.access).stdout.count(STREAM[:8]) == 2
        assert re.search(rf"{DEVICE} +online +qn-test", collector("devices", *running.access).stdout)
        assert " x1  " in collector("dead-letters", "list", *running.access).stdout
        assert "reason  DecodeError" in collector("dead-letters", "show", "1", *running.access).stdout
        replayed = collector("dead-letters", "replay", "--all", "--json", *running.access)
        assert (replayed.returncode, json.loads(replayed.stdout)["outcome"]) == (1, "unread")
        assert collector("dead-letters", "delete", "1", *running.access).stdout == "       1  deleted\n"
        assert collector("dead-letters", "list", *running.access).stdout == ""
        assert collector("dead-letters", "replay", *running.access).returncode == 2

        table = tmp_path / "events.csv"
        exported = collector("events", "export", "--class", "incident", "--bom", "--out", table, *running.access)
        assert exported.stderr == "2 events\n"
        rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
        assert [(row["device"], row["lane"], row["phase"]) for row in rows] == [(DEVICE, "2", "new"), (DEVICE, "2", "end")]
        lines = collector("events", "export", "--format", "jsonl", "--to", "2000-01-01", *running.access)
        assert (lines.stdout, lines.stderr) == ("", "0 events\n")

        saved = tmp_path / "saved.tar"
        assert "2 events up to" in collector("backup", "--data-dir", running.data_dir, "--out", saved).stdout
        held = collector("restore", saved, "--data-dir", running.data_dir)
        assert_one_line(held, "held by process")
        assert "2 events up to" in collector("restore", saved, "--data-dir", tmp_path / "again").stdout
        assert running.stop(signal.SIGINT) == 130
        refused = collector("restore", saved, "--data-dir", running.data_dir)
        assert_one_line(refused, "move it away, or restore into another folder")


@pytest.mark.chain
def test_the_first_start_tells_a_password_once_and_a_file_presets_it(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        assert len(re.findall(r"password \S{12,} \(shown this once\)", running.log.read_text())) == 1
        assert (running.data_dir / "api-token").stat().st_mode & 0o077 == 0
        assert running.stop(signal.SIGTERM) == 0
        running.log.write_text("")
        running.start()
        assert "password as set before" in running.log.read_text()
        changed = collector("users", "password", "operator", "--data-dir", running.data_dir, "--password", "short")
        assert (changed.returncode, "expected 8 to" in changed.stderr) == (2, True)
        changed = collector("users", "password", "second", "--data-dir", running.data_dir, "--password", "long enough")
        assert changed.returncode == 0


@pytest.mark.chain
def test_after_a_clean_stop_the_database_file_alone_holds_everything(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        device = Device(running.mqtt_port)
        for seq in range(1, 301):
            device.client.publish(topics.event(DEVICE, "incident"), event(incident(incident=f"r/north/{seq}"), seq), qos=1)
        device.acks(300)
        device.close()
        assert collector("events", "list", *running.access).stdout.count("\n") == 100  # readers have the database open
        tail = subprocess.Popen([*COMMAND, "alerts", "tail", "--since", "0", *running.access], stdout=subprocess.PIPE)
        assert tail.stdout is not None and tail.stdout.readline()
        assert (running.data_dir / "collector.sqlite-wal").stat().st_size > 0
        assert running.stop(signal.SIGTERM) == 0
        tail.kill()
        tail.wait()
    alone = tmp_path / "alone.sqlite"
    alone.write_bytes((running.data_dir / "collector.sqlite").read_bytes())
    with closing(connect(alone)) as db:
        assert (queries.summary(db)["events"], queries.summary(db)["alerts"]) == (300, 300)
    assert not (running.data_dir / "collector.sqlite-wal").exists()


@pytest.mark.chain
def test_it_is_ready_when_the_broker_is_connected_and_healthy_before(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, "--data-dir", str(tmp_path / "data"), until="trying again", mqtt_port=port) as running:
        assert running.status_of("/healthz") == 200
        assert running.status_of("/readyz") == 503
        with mosquitto(tmp_path, port):
            while "connected" not in running.log.read_text():
                time.sleep(0.05)
            assert running.status_of("/readyz") == 200


@pytest.mark.chain
def test_nobody_reading_its_lines_is_no_reason_to_stop(tmp_path: Path) -> None:
    port, http_port = free_port(), free_port()
    ports = ["--http-port", str(http_port), "--mqtt-port", str(port)]
    command = [*COMMAND, "serve", "--data-dir", str(tmp_path / "data"), *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        while "trying again" not in process.stdout.readline():
            assert process.poll() is None
        process.stdout.close()
        payload = event(incident(), 1)
        for _ in range(2):  # each time the link has something to say
            with mosquitto(tmp_path, port):
                device = Device(port)
                device.status(online=True, instance="collector-1")
                device.send(payload)
                assert device.acks(1) == {1}
                device.close()
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(("content", "told"), [(b"\n", "is empty"), (b"pass\xffword", "is not UTF-8")])
def test_a_password_file_without_a_password_changes_nothing(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with closing(Accounts(tmp_path / ACCOUNTS)) as accounts:
        accounts.set_password("operator", "long enough")
        failed = collector("serve", "--data-dir", tmp_path, "--http-port", "0", "--password-file", file)
        assert failed.returncode == 2
        assert_one_line(failed, f"--password-file {file}: {told}")
        with pytest.raises(WrongUse):
            prepare_accounts(accounts, "")
        assert accounts.check("operator", "long enough")


@pytest.mark.chain
def test_a_second_collector_is_kept_off_the_data_of_the_first_until_that_is_gone(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        arguments = ["serve", "--data-dir", running.data_dir, "--http-port", "0", "--mqtt-port", str(free_port())]
        second = collector(*arguments)
        assert second.returncode == 1
        assert_one_line(second, f"data_dir {running.data_dir}: held by process {running.process.pid},", "--data-dir")
        running.process.kill()
        running.process.wait()
        running.log.write_text("")
        running.start()  # a lock left behind by the dead holds nobody up


@pytest.mark.parametrize("made", ["a file", "a folder in place of the lock"])
def test_a_data_dir_that_cannot_be_used_is_named(tmp_path: Path, made: str) -> None:
    data_dir = tmp_path / "data"
    if made == "a file":
        data_dir.touch()
    else:
        (data_dir / "lock").mkdir(parents=True)
    failed = collector("serve", "--data-dir", data_dir)
    assert failed.returncode == 1
    assert_one_line(failed, f"data_dir {data_dir}: ", "--data-dir")


@pytest.mark.parametrize("name", ["accounts.sqlite", "collector.sqlite", "embedded-broker.toml"])
def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    ports = ["--http-port", "0", "--mqtt-port", str(free_port())]
    failed = collector("serve", "--embedded-broker", "--data-dir", tmp_path, *ports)
    assert failed.returncode == 1
    assert_one_line(failed, f"{tmp_path / name}: ", "; it ")


@pytest.mark.parametrize("name", ["accounts.sqlite", "collector.sqlite"])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"neither empty nor a database " * 100)
    failed = collector("serve", "--data-dir", tmp_path, "--http-port", "0")
    assert failed.returncode == 1
    assert_one_line(failed, f"{tmp_path / name}: file is not a database", "move it away")


def test_accounts_that_are_damaged_in_the_middle_are_named(tmp_path: Path) -> None:
    path = tmp_path / ACCOUNTS
    with closing(Accounts(path)) as accounts:
        accounts.set_password("operator", "long enough")
    with path.open("r+b") as file:  # the first page, which says what it is, stays whole
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    for command in (["serve", "--http-port", "0"], ["users", "password", "operator", "--password", "long enough"]):
        failed = collector(*command, "--data-dir", tmp_path)
        assert failed.returncode == 1
        assert_one_line(failed, f"{path}: ", "move it away")


@pytest.mark.chain
def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        base = ["serve", "--embedded-broker", "--data-dir", str(tmp_path)]
        for option, other in (("--http-port", "--mqtt-port"), ("--mqtt-port", "--http-port")):
            failed = collector(*base, option, str(port), other, str(free_port()))
            assert failed.returncode == 1
            assert_one_line(failed, f"port {port} on 127.0.0.1", option)


@pytest.mark.chain
def test_a_broker_that_refuses_is_named(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path, port, "allow_anonymous false\n"):
        data = tmp_path / "data"
        failed = collector("serve", "--data-dir", data, "--mqtt-port", str(port), "--http-port", "0")
    assert failed.returncode == 1
    assert_one_line(failed, f"broker 127.0.0.1:{port}: refused", "Not authorized", "broker.username")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", None),
        ("instance = 'qn-1'\n[http]\nport = 9000\n", None),
        ("[http]\nport = 99999\n", "http.port: expected"),
        ("[broker]\nprot = 1\n", "broker: unknown key 'prot'"),
        ("instance = 'Not A Name'\n", "instance: "),
        ("[broker.tls]\nca = 'ca.pem'\ncert = 'c.pem'\n", "cert and key go together"),
        ("[broker.tls]\nca = 'ca.pem'\n", "broker.tls.ca: "),
        ("[broker]\npassword_file = 'nowhere'\n", "broker.password_file: "),
        ("[broker]\nhost = '10.0.0.1'\n", "broker.tls.ca: is missing"),
        ("[broker]\nhost = '127.example.com'\n", "broker.plaintext = true"),
        ("[broker]\nhost = '10.0.0.1'\nplaintext = true\n", None),
        ("[broker]\nhost = 'localhost'\n[http]\nhost = '::1'\n", None),
        ("[http]\nhost = '0.0.0.0'\n", "http.plaintext = true"),
        ("[http]\nhost = ''\n", "http.plaintext = true"),
        ("[http]\nhost = '0.0.0.0'\nplaintext = true\n", None),
        ("embedded_broker = true\n[broker]\nhost = '10.0.0.1'\n", "127.0.0.1 only"),
        ("= broken", "not TOML"),
    ],
)
def test_config_check_names_file_and_path(tmp_path: Path, content: str, told: str | None) -> None:
    file = tmp_path / "collector.toml"
    file.write_text(content)
    checked = collector("config", "check", file)
    if told is None:
        assert (checked.returncode, checked.stdout) == (0, f"{file}: good\n")
    else:
        assert checked.returncode == 2
        assert_one_line(checked, f"{file}: ", told)


def test_paths_in_the_file_are_relative_to_it_and_options_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, here = tmp_path / "site", tmp_path / "here"
    (site / "keys").mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    names = {"ca": "keys/ca.pem", "cert": "keys/own.pem", "key": "keys/own.key"}
    for name in (*names.values(), "password"):
        (site / name).touch()
    tls = "".join(f"{key} = '{name}'\n" for key, name in names.items())
    file = site / "collector.toml"
    file.write_text(f"data_dir = 'var'\n[broker]\npassword_file = 'password'\n[broker.tls]\n{tls}")
    config = load(Path("../site/collector.toml"))
    assert config.data_dir == str(site / "var")
    assert config.broker.password_file == str(site / "password")
    assert config.broker.tls == Tls(**{key: str(site / name) for key, name in names.items()})
    assert with_options(file, data_dir="elsewhere").data_dir == "elsewhere"
    file.write_text("")
    assert load(file).data_dir == "var/collector"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["config", "check", "nowhere.toml"], 2, "nowhere.toml"),
        (["serve", "--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["serve", "--password-file", "nowhere"], 2, "nowhere"),
        (["alerts", "tail", "--token-file", "nowhere"], 2, "nowhere"),
        (["devices", "--token-file", "/dev/null"], 2, "/dev/null: holds no token"),
        (["devices", "--token-file", TOKEN, "--url", "http://127.0.0.1:9"], 1, "http://127.0.0.1:9"),
        (["devices", "--token-file", TOKEN, "--url", "gopher://x"], 2, "gopher://x"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], code: int, told: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token\n")
    failed = collector(*(tmp_path / "token" if argument == TOKEN else argument for argument in arguments))
    assert failed.returncode == code
    assert_one_line(failed, told)


@pytest.mark.parametrize("url", ["http://h:99999", "http://h:x", "http://[", "http://a..b", "http://a b", "http://:1", "h:80"])
def test_an_url_that_is_none_is_named(url: str) -> None:
    with pytest.raises(WrongUse, match=r"--url .*: expected http://HOST:PORT"):
        Api(url, "a-token")


@pytest.mark.parametrize("command", [("alerts", "tail"), ("events", "tail"), ("devices",)], ids=" ".join)
def test_a_wrong_url_is_one_line_in_every_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "token").write_text("a-token\n")
    failed = collector(*command, "--token-file", tmp_path / "token", "--url", "http://h:99999")
    assert failed.returncode == 2
    assert_one_line(failed, "--url 'http://h:99999'")


def http_answer(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", *(headers or (b"Content-Length: %d" % len(body),)), b"", body))


def asked_of_a_peer(tmp_path: Path, command: list[str], *answers: bytes) -> None:
    """The command, one connection for each answer: it ends with 1, and one line that names the address."""
    (tmp_path / "token").write_text("a-token\n")

    def serve(listener: socket.socket) -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        peer = threading.Thread(target=serve, args=(listener,))
        peer.start()
        failed = collector(*command, "--token-file", tmp_path / "token", "--url", url)
        peer.join()
    assert failed.returncode == 1
    assert_one_line(failed, url)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        http_answer(b"not JSON!"),
        http_answer(b"{", b"Content-Length: 9"),
        b"HTTP/1.1 500 Oh\r\nContent-Length: 12\r\n\r\nseveral\nrows",
    ],
)
def test_a_peer_that_is_no_collector_is_one_line(tmp_path: Path, answer: bytes) -> None:
    asked_of_a_peer(tmp_path, ["alerts", "tail"], answer)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"7", b'{"%s": 1}', b'{"%s": ["a"]}', b'{"%s": [{"device": "d"}]}'])
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("alerts list", b"alerts"),
        ("alerts tail", b"alerts"),
        ("events list", b"events"),
        ("events tail", b"next"),
        ("devices", b"devices"),
        ("dead-letters list", b"dead_letters"),
        ("events export", b"events"),
    ],
)
def test_json_of_another_kind_is_one_line(tmp_path: Path, command: str, name: bytes, body: bytes) -> None:
    asked_of_a_peer(tmp_path, command.split(), http_answer(body % name if b"%s" in body else body))


@pytest.mark.parametrize("data", ["{}", "no JSON", '{"seq": 1}'])
def test_a_stream_of_something_else_is_one_line(tmp_path: Path, data: str) -> None:
    stream = f"id: 1\nevent: alert\ndata: {data}\n\n".encode()
    asked_of_a_peer(tmp_path, ["alerts", "tail"], http_answer(b'{"alerts": []}'), http_answer(stream))


def test_help_is_there_with_examples_and_needs_no_heavy_part() -> None:
    heavy = ("aiohttp", "paho", "sqlite_utils", "argon2", "msgspec", "asyncio", "sqlite3", "ssl", "http.client", "json")
    look = f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    for command in ("", "'serve', ", "'alerts', 'tail', ", "'users', 'password', "):
        probe = f"import sys, collector.cli as c\nc.cli.main([{command}'--help'], standalone_mode=False)\n{look}"
        assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True).stderr.strip() == "[]"
    for command in ([], ["serve"], ["alerts", "tail"], ["events", "list"], ["devices"], ["users", "password"]):
        shown = collector(*command, "--help")
        assert shown.returncode == 0
        assert "Example" in shown.stdout


def test_the_list_of_commands_says_what_they_say_of_themselves() -> None:
    for name, words in COMMANDS.items():
        command = cli.get_command(click.Context(cli), name)
        assert command is not None and command.name == name
        assert command.get_short_help_str(200) == words
    assert cli.get_command(click.Context(cli), "asking") is None


def assert_one_line(failed: subprocess.CompletedProcess[str], *told: str) -> None:
    assert "Traceback" not in failed.stderr
    assert failed.stderr.count("\n") == 1, failed.stderr
    for text in told:
        assert text in failed.stderr, failed.stderr
