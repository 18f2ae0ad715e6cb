"""Tombstones beside dumps."""

from __future__ import annotations

from pathlib import Path

from webapp.db.backups import tombstones


def test_deletion_is_noted_beside_every_dump(tmp_path: Path) -> None:
    dumps = [tmp_path / f"lens-{number}.dump" for number in range(2)]
    for dump in dumps:
        tombstones.begin(dump)
    tombstones.add(tmp_path, "a" * 64)
    for dump in dumps:
        assert tombstones.read(dump) == {tombstones.mark("a" * 64)}
        assert "a" * 64 not in tombstones.beside(dump).read_text()
    assert tombstones.read(tmp_path / "lens-9.dump") == set()
