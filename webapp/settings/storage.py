"""Settings of the database, of stored files, of their backups and of reports."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator

from webapp.settings.base import ROOT, SettingsGroup
from webapp.settings.values import Decimal, Folder, WholeNumber

_DATASET_REPOSITORY = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)", re.ASCII)


class StorageSettings(SettingsGroup):
    """Settings of the database and of all stored files."""

    data: Folder = Field(default=ROOT / "data", description="Folder of the database and all stored files.")
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL. Default: SQLite in `LENS_DATA`. "
        "PostgreSQL needs the extra `postgresql`.",
    )
    cache: Folder = Field(
        default=ROOT / "gradio_cache",
        description="Folder of uploads during their analysis. Emptied regularly.",
    )
    store: str = Field(
        default="",
        description="Media store: a folder or `s3://bucket/folder` (extra `s3`). "
        "Default: `media` in `LENS_DATA`.",
    )
    store_gb: Decimal = Field(
        default=10.0,
        ge=0,
        le=999_999,
        description="Size of the media store in GB; 0 stores no media. "
        "If the store is full, the visitor is informed; the result is still returned and saved.",
    )
    retention_days: WholeNumber = Field(
        default=0, ge=0, le=36_500, description="Age in days at which results are deleted; 0: never."
    )

    @field_validator("store")
    @classmethod
    def _resolve_store(cls, value: str) -> str:
        is_url = "://" in value
        if not value or is_url:
            return value
        return str(Path(value).resolve())

    @property
    def database(self) -> str:
        """Return the SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.data / 'lens.sqlite3'}"

    @property
    def media(self) -> str:
        """Return the folder or URL of the media store."""
        return self.store or str(self.data / "media")

    @property
    def store_bytes(self) -> int:
        """Return the size of the media store in bytes."""
        return int(self.store_gb * 1_000_000_000)

    @property
    def uploads(self) -> Path:
        """Return the folder of files that REST clients send, during their analysis."""
        return self.cache / "api"

    @property
    def audit_head(self) -> Path:
        """Return the file that holds the audit log's head, outside the database."""
        return self.data / "audit.head"

    @property
    def report_key_file(self) -> Path:
        """Return the file of the keys that sign reports."""
        return self.data / "report-keys.json"

    @property
    def snapshots(self) -> Path:
        """Return the folder of training snapshots."""
        return self.data / "snapshots"

    @property
    def runs(self) -> Path:
        """Return the folder of fine-tuning runs and their checkpoints."""
        return self.data / "runs"

    @property
    def models(self) -> Path:
        """Return the folder of model versions."""
        return self.data / "models"

    @property
    def compiled(self) -> Path:
        """Return the folder of networks compiled for this machine. It may be emptied at any time."""
        return self.data / "compiled"


class ReportSettings(SettingsGroup):
    """Settings of reports."""

    report_keys: str = Field(
        default="",
        repr=False,
        description="Keys that sign reports: the text of another machine's `report-keys.json`. A secret. "
        "Default: the file `report-keys.json` in `LENS_DATA`, made at the first start.",
    )


class BackupSettings(SettingsGroup):
    """Settings of backups."""

    backups: str = Field(
        default="",
        description="Backups: a folder, or `hf://datasets/owner/name`, a private dataset repository. "
        "Default: `backups` in `LENS_DATA`.",
    )
    backup_hours: Decimal = Field(
        default=24.0,
        ge=0,
        le=8760,
        description="Hours between automatic backups; 0: none; 0.25: a quarter of an hour.",
    )
    kept_backups: WholeNumber = Field(default=7, ge=1, le=10_000, description="Backups to keep.")
    restore: str = Field(
        default="",
        description="`latest` or the path of a backup. Restored at start if there is no database.",
    )

    @field_validator("backups")
    @classmethod
    def _check_backups(cls, value: str) -> str:
        if not value or _DATASET_REPOSITORY.fullmatch(value):
            return value
        if "://" in value:
            raise ValueError("must be a folder or hf://datasets/owner/name")
        return str(Path(value).resolve())

    @property
    def backups_repository(self) -> str:
        """Return the name of the dataset repository of the backups, owner/name; "" if there is none."""
        repository = _DATASET_REPOSITORY.fullmatch(self.backups)
        return repository[1] if repository else ""
