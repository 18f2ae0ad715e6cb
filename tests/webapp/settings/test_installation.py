"""Settings from no variables and from many."""

from __future__ import annotations

from pathlib import Path

from webapp.settings import Settings, from_environment


def test_empty_environment_gives_defaults() -> None:
    settings = from_environment({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.weights) == ("127.0.0.1", 7860, "starter")
    assert settings.database.endswith("data/lens.sqlite3")
    assert settings.at_once >= 2
    assert (settings.runtime, settings.precision, settings.compiled) == (
        "auto",
        "float32",
        settings.data / "compiled",
    )


def test_variables_override_defaults(tmp_path: Path) -> None:
    settings = from_environment(
        {"LENS_PORT": "9000", "LENS_DATA": str(tmp_path), "LENS_WEIGHTS": "hf://a/b@c", "OTHER": "x"}
    )
    assert (settings.port, settings.weights, settings.database) == (
        9000,
        "hf://a/b@c",
        f"sqlite:///{tmp_path}/lens.sqlite3",
    )
    assert settings.media == str(tmp_path / "media")
    bucket = from_environment({"LENS_STORE": "s3://bucket/folder", "LENS_STORE_GB": "0.5"})
    assert (bucket.media, bucket.store_bytes) == ("s3://bucket/folder", 500_000_000)
    assert "s3://bucket/folder" not in bucket.private
    assert settings.backups_folder == tmp_path / "backups"
    assert settings.audit_head == tmp_path / "audit.head"
    off = from_environment(
        {
            "LENS_BACKUP_HOURS": "0",
            "LENS_BACKUPS": str(tmp_path / "b"),
            "LENS_RETENTION_DAYS": "90",
            "LENS_RESTORE": "latest",
        }
    )
    assert (off.backup_hours, off.backups_folder, off.retention_days, off.restore) == (
        0,
        tmp_path / "b",
        90,
        "latest",
    )
    assert from_environment({"LENS_FINETUNE_THREADS": "2"}).finetune_threads == 2
    assert from_environment({"LENS_DATABASE_URL": "postgresql://db/lens"}).database == "postgresql://db/lens"
