from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from laanet_core.errors import InvalidConfig
from laanet_core.media.provenance import read_provenance
from laanet_core.media.trust_list import MAX_BYTES, read_trust_list
from tests.signed_files import new_chain, picture, signed


def test_list_with_comments_is_read_with_its_age(tmp_path: Path) -> None:
    path = tmp_path / "trust.pem"
    authority = new_chain().authority
    path.write_bytes(b"# First\n" + authority + b"\nSecond\n" + authority)
    changed_at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    os.utime(path, (changed_at.timestamp(), changed_at.timestamp()))
    trust = read_trust_list(path)
    assert (trust.certificates, trust.changed_at) == (2, changed_at)
    assert trust.age_days(changed_at + datetime.timedelta(days=3, hours=5)) == 3
    file = tmp_path / "signed.jpg"
    file.write_bytes(signed(picture(), "image/jpeg"))
    assert read_provenance(file, trust.anchors).status == "valid_trusted"
    assert read_provenance(file).status == "valid_untrusted"


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n",
        bytes(MAX_BYTES + 1),
    ],
)
def test_broken_list_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "trust.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidConfig, match="trust list"):
        read_trust_list(path)
