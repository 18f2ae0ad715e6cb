"""Tests of the key file: made once by many processes, private, replaced whole, never overwritten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from webapp.domain.clock import now
from webapp.security.key_file import KeyFile, KeySource
from webapp.security.signing_keys import InvalidKeys, new_keys

_FIRST_START = """
import sys
from pathlib import Path
from webapp.security.key_file import KeyFile
sys.stdin.readline()
print(KeyFile(Path(sys.argv[1])).load_or_create().public.keys[0].kid)
"""


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "data" / "report-keys.json"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _FIRST_START, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    kids = {process.communicate(timeout=60)[0] for process in processes}
    assert len(kids) == 1
    assert kids.pop().strip() == KeyFile(path).load().public.keys[0].kid
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]


def test_a_rotation_counts_at_once_and_stays_private(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    source = KeySource(file)
    source.open()
    before = source()
    rotated = file.rotate()
    assert source().public == rotated.public
    assert [key.status for key in rotated.public.keys] == ["current", "retired"]
    assert source().public.keys[1].x == before.public.keys[0].x
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{}")
    for use in (KeyFile(path).load_or_create, KeyFile(path).rotate, KeySource(KeyFile(path)).open):
        with pytest.raises(InvalidKeys):
            use()
    assert path.read_text() == "{}"


def test_an_open_file_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "keys.json"
    KeyFile(path).load_or_create()
    assert caplog.text == ""
    path.chmod(0o644)
    KeyFile(path).load_or_create()
    assert "chmod 600" in caplog.text


def test_the_setting_replaces_the_file(tmp_path: Path) -> None:
    keys = new_keys(now())
    source = KeySource(KeyFile(tmp_path / "keys.json"), keys.to_json())
    source.open()
    assert source().public == keys.public
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidKeys):
        KeySource(KeyFile(tmp_path / "keys.json"), "secret")
