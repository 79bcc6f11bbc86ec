"""An authority made for a test, its certificates as files, and a mosquitto as `collector broker-config` writes it."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import trustme

from collector.broker.mosquitto import ACL, CONF, Mosquitto, render, write
from tests.brokers import mosquitto_of


class Authority:
    """Writes what it issues into `folder`: ca.pem, and <name>.pem with <name>.key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca))

    def issue(self, name: str, common_name: str | None, not_after: datetime | None = None) -> tuple[Path, Path]:
        """Certificate and key. The names within are those of this machine: the broker's is asked for them."""
        issued = self._authority.issue_cert(
            "127.0.0.1", "localhost", common_name=common_name, not_after=not_after, key_type=trustme.KeyType.ECDSA
        )
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        issued.cert_chain_pems[0].write_to_path(str(cert))
        issued.private_key_pem.write_to_path(str(key))
        return cert, key

    def context(self, name: str, common_name: str | None = None, not_after: datetime | None = None) -> ssl.SSLContext:
        """For a client whose certificate says `common_name`, or `name` itself."""
        return self.trusting(self.issue(name, common_name or name, not_after))

    def trusting(self, files: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """For a client with this certificate and key, or without any."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if files:
            context.load_cert_chain(*files)
        return context


@contextmanager
def hardened(authority: Authority, port: int, collectors: tuple[str, ...], acl: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A mosquitto by the configuration of the command; `acl` is put at the end of the access rules. Both lie in `broker`."""
    out = authority.folder / "broker"
    cert, key = authority.issue("broker", "broker")
    write(render(Mosquitto(out, port, "127.0.0.1", authority.ca, cert, key, collectors)), force=False)
    with (out / ACL).open("a") as rules:
        rules.write(acl)
    with (out / CONF).open("a") as settings:
        settings.write("user root\n")  # the test's folder is nobody else's
    with mosquitto_of(out / CONF, port) as process:
        yield process
