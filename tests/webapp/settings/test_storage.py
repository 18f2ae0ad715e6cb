"""Backups in folders and in dataset repositories."""

from __future__ import annotations

from pathlib import Path

from webapp.settings import from_environment


def test_backups_in_dataset_repository(tmp_path: Path) -> None:
    settings = from_environment(
        {"LENS_BACKUPS": "hf://datasets/owner/lens-backups", "LENS_DATA": str(tmp_path)}
    )
    assert (settings.backups_repository, settings.backups_folder) == (
        "owner/lens-backups",
        tmp_path / "backups",
    )
