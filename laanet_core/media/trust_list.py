"""Trust list of Content Credentials: certificates of the authorities whose signers are trusted."""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from laanet_core.errors import InvalidConfig

# Bytes of a list. The list of the C2PA takes some hundred thousand.
MAX_BYTES = 4_000_000
_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----", re.ASCII
)


@dataclass(frozen=True)
class TrustList:
    """Certificates as a PEM text, their number, the time of the file's last change, and its sha256."""

    anchors: str
    certificates: int
    changed_at: datetime.datetime
    sha256: str

    def age_days(self, now: datetime.datetime) -> int:
        """Return the full days since the file was changed."""
        return max((now - self.changed_at).days, 0)


def read_trust_list(path: Path) -> TrustList:
    """Read a trust list from a PEM file; text between the certificates is ignored.

    Raises InvalidConfig if it cannot be read or has no valid certificate.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        changed_at = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    except OSError as error:
        raise InvalidConfig(f"The trust list {path} cannot be read: {error.strerror}.") from error
    certificates = _CERTIFICATE.findall(content.decode("utf-8", "replace"))
    if not certificates or len(content) > MAX_BYTES:
        raise InvalidConfig(f"The trust list {path} must be a PEM file with certificates of at most 4 MB.")
    anchors = "\n".join([*certificates, ""])
    try:
        load_pem_x509_certificates(anchors.encode())
    except ValueError as error:
        raise InvalidConfig(f"The trust list {path} has a certificate that cannot be read.") from error
    return TrustList(anchors, len(certificates), changed_at, hashlib.sha256(content).hexdigest())
