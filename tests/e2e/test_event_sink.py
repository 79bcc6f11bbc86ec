"""The event sink against a real mosquitto: what it says when things go wrong, and what it does about it."""

import getpass
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.sinks.mqtt import EventSink, SinkStopped
from edge_agent.sinks.outbox import Outbox
from event_contract import topics
from tests.brokers import free_port, mosquitto, wait_until
from tests.e2e.clerk import Clerk
from tests.unit.outbox_parts import event, origin

SAME_USER = f"user {getpass.getuser()}\n"  # started by root, mosquitto gives up the right to read our files

pytestmark = pytest.mark.chain
OpenSink = Callable[[BrokerConfig], EventSink]


@pytest.fixture
def crashes() -> list[BaseException]:
    return []


@pytest.fixture
def open_sink(tmp_path: Path, crashes: list[BaseException]) -> Iterator[OpenSink]:
    sinks: list[EventSink] = []

    def open_one(broker: BrokerConfig) -> EventSink:
        outbox = Outbox.open(tmp_path / "agent" / "outbox.db", origin(), OutboxConfig())
        sink = EventSink(outbox, broker, origin(), crashes.append)
        sinks.append(sink)
        sink.start()
        return sink

    yield open_one
    for sink in sinks:
        try:
            sink.close(0.0)
        except SinkStopped:
            pass


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    with mosquitto(tmp_path, port):
        yield port


@pytest.fixture
def clerk(port: int) -> Iterator[Clerk]:
    clerk = Clerk(port)
    yield clerk
    clerk.close()


def quick(port: int, **more: object) -> BrokerConfig:
    return BrokerConfig(port=port, first_wait_s=0.1, max_wait_s=1.0, **more)  # type: ignore[arg-type]


def says(sink: EventSink, text: str) -> None:
    wait_until(lambda: text in sink.stats().link.text, 20, f"it does not say {text!r} but {sink.stats().link.text!r}")


def test_delivers_only_what_is_acknowledged(port: int, clerk: Clerk, open_sink: OpenSink) -> None:
    sink = open_sink(quick(port))
    says(sink, "no collector is online, events are held")
    sink.submit([event("telemetry"), event("incident"), event("incident")])
    wait_until(lambda: sink.stats().outbox.pending == 3, 20, "nothing is committed")
    assert clerk.events.empty()
    clerk.online()
    stream, first = clerk.next_event()
    assert (first, clerk.next_event()) == (1, (stream, 2))
    assert clerk.next_event()[1] == 1
    clerk.acknowledge(stream, (2, 2))
    wait_until(lambda: sink.stats().outbox.pending == 2, 20, "nothing is deleted")
    assert sink.stats().link.text == f"connected to 127.0.0.1:{port}"


def next_birth(clerk: Clerk, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The agent says its birth on connecting, and again to every collector that appears."""
    for _ in range(5):
        if fits(birth := clerk.next_status()):
            return birth
    raise AssertionError("no such birth among the next five")


def test_sends_again_what_a_dead_broker_had_confirmed(tmp_path: Path, open_sink: OpenSink) -> None:
    port = free_port()
    with mosquitto(tmp_path, port) as broker:
        clerk = Clerk(port)
        clerk.online()
        sink = open_sink(quick(port))
        sink.submit([event("incident")])
        key = clerk.next_event()
        broker.kill()
        broker.wait()
        wait_until(lambda: not sink.stats().link.connected, 20, "the loss of the broker is not seen")
    assert [clerk.next_status()["connection"]] == [1]
    with mosquitto(tmp_path, port):
        wait_until(lambda: sink.stats().link.connected, 20, "no reconnect")
        clerk.online()
        assert clerk.next_event() == key
        birth = next_birth(clerk, lambda birth: birth["connection"] > 1)
        assert birth["run"] == "run1"
        assert {stream["class"]: (stream["lowest"], stream["highest"]) for stream in birth["streams"]} == {
            "incident": (1, 1), "state": (1, 0), "telemetry": (1, 0),
        }  # fmt: skip
    clerk.close()


def test_a_fork_is_answered_with_a_new_stream_and_a_new_birth(port: int, clerk: Clerk, open_sink: OpenSink) -> None:
    clerk.online()
    sink = open_sink(quick(port))
    sink.submit([event("incident")])
    old, _ = clerk.next_event()
    clerk.next_status()
    clerk.acknowledge(old, forked=True)
    new, seq = clerk.next_event()
    assert new != old and seq == 1
    next_birth(clerk, lambda birth: new in {stream["stream"] for stream in birth["streams"]})


def test_says_goodbye_in_its_own_words(port: int, clerk: Clerk, open_sink: OpenSink) -> None:
    sink = open_sink(quick(port))
    assert clerk.next_status()["online"] is True
    sink.close(0.0)
    assert clerk.next_status() == {"online": False, "run": "run1", "connection": 1}


def test_garbage_is_counted_and_harms_nothing(port: int, clerk: Clerk, open_sink: OpenSink) -> None:
    sink = open_sink(quick(port))
    clerk.next_status()
    garbage = [b"", b"\xff\x00", b"[]", b'{"stream": 1}', b'{"stream": "x", "ranges": [[1]]}', b'{"x":' + b"[" * 5000]
    for payload in garbage:
        clerk.say(topics.ack("kerb-1"), payload)
        clerk.say(topics.collector_status("c9"), payload, retain=True)
    wait_until(lambda: sink.stats().link.unreadable == 2 * len(garbage), 20, "not all garbage is counted")
    clerk.online()
    sink.submit([event("incident")])
    assert clerk.next_event()[1] == 1
    assert sink.stats().link.connections == 1


def test_a_broker_that_is_not_there(open_sink: OpenSink) -> None:
    port = free_port()
    sink = open_sink(quick(port))
    says(sink, f"connection refused by 127.0.0.1:{port}; is a broker running there?")
    wait_until(lambda: sink.stats().link.connections >= 3, 20, "it does not try again")


def test_a_host_that_nobody_knows(open_sink: OpenSink) -> None:
    says(open_sink(BrokerConfig(host="nowhere.invalid")), "unknown host nowhere.invalid; check broker.host")


def test_a_broker_that_refuses(tmp_path: Path, open_sink: OpenSink) -> None:
    port = free_port()
    secret = tmp_path / "password"
    secret.write_text("a wrong secret\n")
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "kerb-1", "right"], check=True)
    with mosquitto(tmp_path, port, f"{SAME_USER}allow_anonymous false\npassword_file {passwords}\n"):
        sink = open_sink(quick(port, username="kerb-1", password_file=str(secret)))
        says(sink, "broker refuses: not authorized; check username, password_file")
        assert "secret" not in repr(sink.stats())
        secret.write_text("right\n")
        says(sink, "connected")


def test_a_broker_whose_rules_forbid_the_events(tmp_path: Path, open_sink: OpenSink) -> None:
    """MQTT 5 tells it in the PUBACK, and paho calls the message published."""
    port = free_port()
    rules = tmp_path / "acl"
    rules.write_text(
        "topic readwrite roadside/v1/+/status\ntopic readwrite roadside/v1/+/ack\n"
        "topic readwrite roadside/v1/collector/+/status\ntopic readwrite roadside/v1/+/event/state\n"
    )
    with mosquitto(tmp_path, port, f"{SAME_USER}allow_anonymous true\nacl_file {rules}\n"):
        clerk = Clerk(port)
        clerk.online()
        sink = open_sink(quick(port))
        sink.submit([event("incident"), event("state")])
        says(sink, "broker refuses events of kerb-1: not authorized; check its access rules")
        assert clerk.next_event()[1] == 1
        assert sink.stats().outbox.pending == 2
        clerk.close()


def test_a_certificate_that_nobody_signed(tmp_path: Path, open_sink: OpenSink) -> None:
    port = free_port()
    for name in ("server", "other"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
    tls = f"{SAME_USER}allow_anonymous true\ncertfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
    with mosquitto(tmp_path, port, tls):
        sink = open_sink(quick(port, ca=str(tmp_path / "other.pem")))
        says(sink, "its certificate is not trusted")
        sink.close(0.0)
        sink = open_sink(quick(port, ca=str(tmp_path / "server.pem")))
        says(sink, "connected")
        sink.close(0.0)
    says(open_sink(quick(port, ca=str(tmp_path / "missing.pem"))), "missing.pem: No such file or directory")


def test_a_fault_of_the_outbox_is_told_and_ends_the_sink(open_sink: OpenSink, crashes: list[BaseException]) -> None:
    sink = open_sink(quick(free_port()))
    sink._outbox._connection.execute("DROP TABLE messages")
    sink.submit([event("incident")])
    wait_until(lambda: bool(crashes), 20, "the crash is not told")
    assert "no such table" in str(crashes[0])
    with pytest.raises(SinkStopped, match="no such table"):
        sink.submit([event("incident")])
    with pytest.raises(SinkStopped):
        sink.close(0.0)
