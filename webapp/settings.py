"""What a host may set, and the only place that reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]


class InvalidSetting(Exception):
    """An environment variable whose value cannot be."""


@dataclass(frozen=True)
class Settings:
    """`LENS_WEIGHTS` starter | folder | hf://owner/repo@revision; `LENS_DEVICE` auto | cpu | cuda | mps; `LENS_DATABASE_URL` any
    SQLAlchemy URL; `LENS_DATA` folder of the default database; `LENS_CACHE` folder of uploads under way; `LENS_HOST`, `LENS_PORT`;
    `LENS_FRAMES` frames judged of a clip; `LENS_MAX_UPLOAD_MB` of a file; `LENS_MAX_FILES` files at once; `LENS_MAX_WAITING` visitors in
    the queue before others are turned away; `LENS_AT_ONCE` analyses at a time; `LENS_BACKUPS` folder of the backups, `LENS_BACKUP_HOURS`
    between two of them (0: none by itself), `LENS_KEPT_BACKUPS` of them; `LENS_RESTORE` latest | a backup's path, used at start where
    there is no database; `LENS_RETENTION_DAYS` after which results are deleted (0: never); `LENS_STORE` folder or bucket
    (s3://bucket/folder) of the media that visitors let be kept, `LENS_STORE_GB` how much of it (0: none);
    `LENS_LABELS` moderators' labels asked for a case; `LENS_AUDIT_SHARE` of kept faces drawn at random, and `LENS_GOLD_SHARE` of the cases
    given out that have a known answer, both in percent; `LENS_CASE_UNCERTAIN` how far from 0.5 an inconclusive face's probability may lie
    for a case to be opened (0.5: any; 0: none but 0.5 itself); `LENS_DECISION_DELAY` minutes in which moderators may take a label back,
    after which a visitor is told the decision; `LENS_WEBHOOK_URL` where decisions are sent to, signed with `LENS_WEBHOOK_SECRET`.
    """

    weights: str = "starter"
    device: str = "auto"
    database_url: str = ""
    data: Path = ROOT / "data"
    cache: Path = ROOT / "gradio_cache"
    host: str = "127.0.0.1"
    port: int = 7860
    frames: int = 32
    max_upload_mb: int = 100
    max_files: int = 10
    max_waiting: int = 32
    at_once: int = 1
    backups_folder: Path | None = None
    backup_hours: int = 24
    kept_backups: int = 7
    restore: str = ""
    retention_days: int = 0
    store: str = ""
    store_gb: float = 10.0
    labels: int = 2
    audit_share: float = 2.0
    gold_share: float = 5.0
    case_uncertain: float = 0.5
    decision_delay: int = 10
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)

    @property
    def uploads(self) -> Path:
        """Where files lie that programs send, while they are judged."""
        return self.cache / "api"

    @property
    def backups(self) -> Path:
        return self.backups_folder or self.data / "backups"

    @property
    def audit_head(self) -> Path:
        """Where the audit log's head is kept beside the database."""
        return self.data / "audit.head"

    @property
    def media(self) -> str:
        """Folder or address of the media store."""
        return self.store or str(self.data / "media")

    @property
    def store_bytes(self) -> int:
        return int(self.store_gb * 1_000_000_000)

    @property
    def private(self) -> list[str]:
        """Folders of which no file is ever served by its path."""
        folders = [str(self.data), str(self.backups), str(self.uploads)]
        return folders if "://" in self.media else [*folders, self.media]

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'lens.sqlite3'}"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read LENS_* variables; raises InvalidSetting naming the variable."""
    defaults, webhook = Settings(), _webhook(environment)
    return Settings(
        weights=environment.get("LENS_WEIGHTS", defaults.weights),
        device=environment.get("LENS_DEVICE", defaults.device),
        database_url=environment.get("LENS_DATABASE_URL", defaults.database_url),
        data=Path(environment.get("LENS_DATA", defaults.data)).resolve(),
        cache=Path(environment.get("LENS_CACHE", defaults.cache)).resolve(),
        host=environment.get("LENS_HOST", defaults.host),
        port=_number(environment, "LENS_PORT", defaults.port, most=65535),
        frames=_number(environment, "LENS_FRAMES", defaults.frames, most=512),
        max_upload_mb=_number(environment, "LENS_MAX_UPLOAD_MB", defaults.max_upload_mb, most=10_000),
        max_files=_number(environment, "LENS_MAX_FILES", defaults.max_files, most=1000),
        max_waiting=_number(environment, "LENS_MAX_WAITING", defaults.max_waiting, most=10_000),
        at_once=_number(environment, "LENS_AT_ONCE", defaults.at_once, most=64),
        backups_folder=Path(environment["LENS_BACKUPS"]).resolve() if environment.get("LENS_BACKUPS") else None,
        backup_hours=_number(environment, "LENS_BACKUP_HOURS", defaults.backup_hours, least=0, most=8760),
        kept_backups=_number(environment, "LENS_KEPT_BACKUPS", defaults.kept_backups, most=10_000),
        restore=environment.get("LENS_RESTORE", defaults.restore),
        retention_days=_number(environment, "LENS_RETENTION_DAYS", defaults.retention_days, least=0, most=36_500),
        store=_store(environment.get("LENS_STORE", defaults.store)),
        store_gb=_amount(environment, "LENS_STORE_GB", defaults.store_gb),
        labels=_number(environment, "LENS_LABELS", defaults.labels, most=3),
        audit_share=_amount(environment, "LENS_AUDIT_SHARE", defaults.audit_share, most=100),
        gold_share=_amount(environment, "LENS_GOLD_SHARE", defaults.gold_share, most=100),
        case_uncertain=_amount(environment, "LENS_CASE_UNCERTAIN", defaults.case_uncertain, most=0.5),
        decision_delay=_number(environment, "LENS_DECISION_DELAY", defaults.decision_delay, least=0, most=10_080),
        webhook_url=webhook[0],
        webhook_secret=webhook[1],
    )


def quiet_gradio(settings: Settings) -> None:
    """Set what Gradio reads from the environment when it is imported: nothing is reported home, uploads go to one folder."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(settings.cache)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int = 1, most: int) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise InvalidSetting(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _amount(environment: Mapping[str, str], name: str, default: float, *, most: float = 999_999) -> float:
    text = environment.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text) or float(text) > most:
        raise InvalidSetting(f"{name} must be a number from 0 to {most:g}, such as 0.5, not {text!r}")
    return float(text)


def _webhook(environment: Mapping[str, str]) -> tuple[str, str]:
    """Address and secret. The secret is never part of an error's text."""
    url, secret = environment.get("LENS_WEBHOOK_URL", ""), environment.get("LENS_WEBHOOK_SECRET", "")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise InvalidSetting(f"LENS_WEBHOOK_URL must be an address that begins with http:// or https://, not {url!r}")
    if url and len(secret) < 16:
        raise InvalidSetting("LENS_WEBHOOK_SECRET must have 16 characters or more where LENS_WEBHOOK_URL is set")
    return url, secret


def _store(text: str) -> str:
    return text if not text or "://" in text else str(Path(text).resolve())
