"""Until when the device's certificate for the broker is good: one that has ended cuts the device off."""

from pathlib import Path

from cryptography import x509


def valid_until_s(path: Path) -> float | None:
    """In Unix seconds; None for a file that cannot be read as a certificate, of which the link has more to say."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError):
        return None
