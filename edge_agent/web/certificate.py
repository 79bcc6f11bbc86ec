"""The device's own certificate for its page: P-256, made at the first start, signed by itself.

A phone asks once whether to trust it; its fingerprint is what `edge-agent web show` prints, for the sticker. It has no date to
run out on: the device has no battery clock, and nobody would be there to renew it.
"""

import ssl
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.core.failure import WrongInput
from edge_agent.files import write_secret

CERTIFICATE_FILE = "page.pem"  # certificate and key in one file: they can never be of two
FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)


def ensured(folder: Path, device: str, names: tuple[str, ...] = ()) -> Path:
    """The file, made where it is missing. Raises OSError."""
    file = folder / CERTIFICATE_FILE
    if not file.exists():
        write_secret(file, make(device, names))
    return file


def make(device: str, names: tuple[str, ...]) -> bytes:
    """PEM of a new key and its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in _all_names(device, names)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kind = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *kind) + certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint(file: Path) -> str:
    """SHA-256 of the certificate, in pairs, as browsers show it."""
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def tls(file: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer. Raises WrongInput for a file that is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(file)
    except (ssl.SSLError, OSError) as error:
        raise WrongInput(f"{file}: no certificate with its key ({error}); remove it, and a new one is made") from None
    return context


def _all_names(device: str, names: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys([f"{device}.local", device, *names, "localhost", "127.0.0.1", "::1"]))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
