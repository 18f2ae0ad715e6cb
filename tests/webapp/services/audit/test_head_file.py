"""File with the head of the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.db.audit_chain import Head
from webapp.domain.errors import BrokenAudit
from webapp.services.audit.head_file import HeadFile

HEAD = Head(7, "a" * 64)


def test_a_head_is_read_back_and_a_missing_file_is_none(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit.head")
    assert file.read() is None
    file.write(HEAD)
    assert file.read() == HEAD
    assert [path.name for path in tmp_path.iterdir()] == ["audit.head"]


@pytest.mark.parametrize("content", ["", "7\n", f"7 {'a' * 63}\n", f"-7 {'a' * 64}\n", f"7 {'a' * 64}\n\n"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "audit.head").write_text(content)
    with pytest.raises(BrokenAudit) as refused:
        HeadFile(tmp_path / "audit.head").read()
    assert refused.value.code == "audit_unknown_head"


def test_a_file_set_aside_keeps_its_content(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit.head")
    file.write(HEAD)
    file.set_aside()
    assert file.read() is None
    (aside,) = tmp_path.iterdir()
    assert HeadFile(aside).read() == HEAD
