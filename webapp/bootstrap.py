"""Builds everything from the settings; the only place that does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Engine

from webapp.db.chain import Event
from webapp.db.copies import sqlite_file
from webapp.db.session import Sessions, answers, connect, make_sessions, open_database
from webapp.db.upgrade import newest_version, version_of
from webapp.domain import Action, Actor, Unable
from webapp.media.store import MediaStore
from webapp.media.stripping import Bare, bare
from webapp.services import backups
from webapp.services.audit import AuditService
from webapp.services.backups import BackupService
from webapp.services.keeping import Keeping
from webapp.services.retention import RetentionService
from webapp.services.timer import Task, Timer
from webapp.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    import gradio as gr

    from webapp.media.decoding.decoders import Decoders
    from webapp.services.analysis import AnalysisService
    from webapp.services.evidence import EvidenceService
    from webapp.services.feedback import FeedbackService
    from webapp.services.receipts import ReceiptService
    from webapp.ui.app import Health
    from webapp.ui.guard import App

logger = logging.getLogger(__name__)
_HOUR = 3600.0
_SETTLED = 300.0  # seconds after the start before a backup that is due is made


@dataclass(frozen=True)
class Records:
    """The open database and what looks after it, without the detector. `version`: the one it had when it was opened.

    A block closes the database at its end.
    """

    engine: Engine
    sessions: Sessions
    audit: AuditService
    backups: BackupService
    keeping: Keeping
    retention: RetentionService
    version: str | None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()


@dataclass(frozen=True)
class Application:
    """The services, the pages and the plain HTTP interface over them, what /healthz answers, what is done by the clock, and the processes
    that decode; a block ends those.
    """

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    evidence: EvidenceService
    blocks: gr.Blocks
    rest: App
    health: Health
    timer: Timer
    decoders: Decoders

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.decoders.close()


def open_records(settings: Settings, *, upgrade: bool = True, strip: Callable[[Path], Bare] = bare) -> Records:
    """Open the database, and bring it up to date or, without `upgrade`, refuse one that is not: Unable with no_database, not_migrated.

    `strip` makes files bare that are to be kept. Raises UnusableDatabase, InvalidSetting (LENS_STORE) and database
    errors too.
    """
    file = sqlite_file(connect(settings.database).url)
    if not upgrade and file is not None and not file.exists():
        raise Unable("no_database", f"there is no database {file}")
    version = None if file is not None and not file.exists() else _version(settings)
    if not upgrade and version != newest_version():
        raise Unable("not_migrated", f"the database has version {version or 'none'}; run `python -m webapp migrate` first")
    engine = open_database(settings.database)
    sessions = make_sessions(engine)
    audit = AuditService(sessions, settings.audit_head)
    if upgrade:
        audit.keep_head()
    if version not in (None, newest_version()):
        audit.tell(Event(Actor.SYSTEM, Action.OPENED, details={"version": newest_version()}))
    keeping = Keeping(sessions, _open_store(settings), quota=settings.store_bytes, strip=strip)
    return Records(
        engine,
        sessions,
        audit,
        BackupService(engine, audit, folder=settings.backups, kept=settings.kept_backups),
        keeping,
        RetentionService(engine, audit, keeping, days=settings.retention_days, backups=settings.backups),
        version,
    )


def restore(settings: Settings, wanted: str) -> str:
    """Make the database from a backup, where there is none; returns the backup's name. Raises Unable and as `open_records` does."""
    source = backups.restore(settings.database, settings.backups, wanted)
    engine = open_database(settings.database)
    backups.tell_of_restoring(AuditService(make_sessions(engine), settings.audit_head), source)
    engine.dispose()
    return source.name


def build(settings: Settings) -> Application:
    """Load the weights, open database and store, make the pages.

    Raises LaanetError, Unable (no_decoder), UnusableDatabase, InvalidSetting (LENS_STORE) and database errors.
    """
    from laanet_core.inference import Detector
    from webapp.media.decoding.decoders import Decoders
    from webapp.services.analysis import AnalysisService
    from webapp.services.evidence import EvidenceService
    from webapp.services.exports import ExportService
    from webapp.services.feedback import FeedbackService
    from webapp.services.jobs import Jobs
    from webapp.services.receipts import ReceiptService
    from webapp.services.uploads import Uploads

    if settings.restore and not backups.exists(settings.database):
        restore(settings, settings.restore)
    decoders = Decoders(most=settings.decoders, megabytes=settings.decode_mb, seconds=settings.decode_seconds)
    records = open_records(settings, strip=decoders.bare)
    sessions = records.sessions
    detector = Detector.from_weights(settings.weights, settings.device, reader=decoders)
    limits = {"frames": settings.frames, "at_once": settings.at_once, "max_waiting": settings.max_waiting}
    decoders.wait_until_ready()
    analysis = AnalysisService(detector, sessions, Jobs(), **limits, keeping=records.keeping)
    feedback = FeedbackService(sessions)
    receipts = ReceiptService(sessions, records.audit, records.keeping, backups=settings.backups)

    def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "model": detector.info.to_json(),
            "device": str(detector.device),
            "running": analysis.turns.running,
            "queue_length": analysis.turns.waiting,
            "database": "ok" if answers(records.engine) else "unavailable",
        }

    from webapp.ui.app import build as build_pages
    from webapp.ui.rest.app import RestServices
    from webapp.ui.rest.app import build as build_rest
    from webapp.ui.services import Services

    uploads = Uploads(settings.cache)
    evidence = EvidenceService(detector, decoders, frames=settings.frames, folder=settings.cache)
    blocks = build_pages(Services(analysis, feedback, receipts, evidence, uploads, settings))
    rest = build_rest(RestServices(analysis, feedback, receipts, ExportService(sessions, receipts, records.keeping)), settings)
    return Application(analysis, feedback, receipts, evidence, blocks, rest, health, Timer(_tasks(records, settings)), decoders)


def _tasks(records: Records, settings: Settings) -> list[Task]:
    """Old results go at start and every hour; the store is swept every hour; a backup is made when the newest one is old enough."""
    tasks = [Task("sweeping the store", records.keeping.sweep, every=_HOUR, first=_SETTLED)]
    if settings.retention_days:
        tasks.append(Task("deleting old results", records.retention.purge, every=_HOUR, first=0))
    if settings.backup_hours:
        every = settings.backup_hours * _HOUR
        since = records.backups.seconds_since()
        first = _SETTLED if since is None else max(_SETTLED, every - since)
        tasks.append(Task("the backup", records.backups.make, every=every, first=first))
    return tasks


def _version(settings: Settings) -> str | None:
    engine = connect(settings.database)
    try:
        with engine.connect() as connection:
            return version_of(connection)
    finally:
        engine.dispose()


def _open_store(settings: Settings) -> MediaStore:
    try:
        return MediaStore(settings.media)
    except (ImportError, ValueError) as error:  # a kind of store that is unknown, or needs a package that is not there
        raise InvalidSetting(f"LENS_STORE cannot be {settings.media!r}: {error}") from error
