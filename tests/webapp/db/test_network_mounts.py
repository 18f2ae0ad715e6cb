from __future__ import annotations

from pathlib import Path

import pytest

from webapp.db import network_mounts as mounts
from webapp.db import session
from webapp.db.network_mounts import network_file_system
from webapp.domain.errors import UnusableDatabase

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - overlay overlay rw
30 22 0:30 / /data rw,relatime shared:2 - fuse.hf-mount bucket rw
31 22 0:31 / /data/local rw - ext4 /dev/sdb rw
32 22 0:32 / /mnt/with\\040space rw - nfs4 server:/export rw
33 22 0:33 / /usb rw - fuseblk /dev/sdc1 rw
34 22 0:34 / /over rw - ext4 /dev/sdd rw
35 22 0:35 / /over rw - cifs //server/share rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/lens.sqlite3", None),
        ("/data/lens.sqlite3", "fuse.hf-mount"),
        ("/data/not/there/yet/lens.sqlite3", "fuse.hf-mount"),
        ("/data/local/lens.sqlite3", None),
        ("/database/lens.sqlite3", None),
        ("/mnt/with space/lens.sqlite3", "nfs4"),
        ("/usb/lens.sqlite3", None),
        ("/over/lens.sqlite3", "cifs"),
    ],
)
def test_network_mounts_are_known_by_their_kind(path: str, kind: str | None) -> None:
    assert network_file_system(Path(path), TABLE) == kind


def test_a_database_on_one_is_refused_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"{TABLE}40 22 0:40 / {tmp_path} rw - nfs server:/x rw\n")
    monkeypatch.setattr(mounts, "MOUNTS", table)
    with pytest.raises(UnusableDatabase, match=r"network file system \(nfs\)"):
        session.open_database(f"sqlite:///{tmp_path / 'deep' / 'lens.sqlite3'}")
    assert not (tmp_path / "deep").exists()


def test_where_nothing_is_known_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "none")
    assert network_file_system(tmp_path) is None
