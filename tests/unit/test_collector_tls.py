"""TLS to the broker, tried: mosquitto that wants a certificate, and what is said when something about it is wrong."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.brokers import free_port, mosquitto
from tests.unit.test_collector_cli import assert_one_line, collector, served

pytestmark = pytest.mark.chain


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A broker with a certificate of `ca.pem`, for clients that have one too: `own.pem` with `own.key`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for name, certificate in {
        "broker": authority.issue_cert("127.0.0.1", "localhost"),
        "own": authority.issue_cert("collector-1", common_name="collector-1"),
    }.items():
        certificate.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
        certificate.cert_chain_pems[0].write_to_path(str(tmp_path / f"{name}.pem"))
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "wrong.pem"))
    (tmp_path / "broken.pem").write_text("no certificate\n")
    files = f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n"
    port = free_port()
    with mosquitto(tmp_path, port, f"{files}require_certificate true\nuse_identity_as_username true\nuser root\n"):
        yield port


def configured(tmp_path: Path, port: int, **tls: str) -> Path:
    """A collector.toml beside the certificates."""
    file = tmp_path / "collector.toml"
    keys = "".join(f"{key} = '{name}'\n" for key, name in tls.items())
    file.write_text(f"[broker]\nport = {port}\n[broker.tls]\n{keys}")
    return file


def failing(tmp_path: Path, file: Path) -> subprocess.CompletedProcess[str]:
    return collector("serve", "--config", file, "--data-dir", tmp_path / "data", "--http-port", "0")


def test_it_connects_with_a_certificate_of_its_own(tmp_path: Path, port: int) -> None:
    file = configured(tmp_path, port, ca="ca.pem", cert="own.pem", key="own.key")
    with served(tmp_path, "--config", str(file), mqtt_port=port) as running:
        assert running.status_of("/readyz") == 200
    assert "as collector-collector-1 (p5, c1, k15, u'collector-1')" in (tmp_path / f"mosquitto-{port}.log").read_text()


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        ({"ca": "wrong.pem", "cert": "own.pem", "key": "own.key"}, "TLS: self-signed certificate"),
        ({"ca": "broken.pem"}, "TLS: "),
        ({"ca": "ca.pem", "cert": "own.pem", "key": "broker.key"}, "TLS: "),
    ],
)
def test_what_is_wrong_with_it_is_one_line(tmp_path: Path, port: int, tls: dict[str, str], told: str) -> None:
    failed = failing(tmp_path, configured(tmp_path, port, **tls))
    assert failed.returncode == 1
    assert_one_line(failed, f"broker 127.0.0.1:{port}: ", told, "broker.tls")


def test_a_broker_that_misses_a_certificate_of_ours_is_asked_again_and_the_key_is_named(tmp_path: Path, port: int) -> None:
    file = configured(tmp_path, port, ca="ca.pem")
    with served(tmp_path, "--config", str(file), mqtt_port=port, until="trying again") as running:
        told = "closed the connection before accepting it; does it want broker.tls.cert?; trying again"
        assert f"broker 127.0.0.1:{port}: {told}" in running.log.read_text()
        assert running.status_of("/readyz") == 503
