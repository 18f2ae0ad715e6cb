"""Builds everything from the settings; the only place that does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
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
from webapp.services.learning.folders import SnapshotFolders
from webapp.services.retention import RetentionService
from webapp.services.timer import Task, Timer
from webapp.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    import gradio as gr

    from laanet_core.inference import Detector
    from laanet_core.reader import Reader
    from webapp.media.decoding.decoders import Decoders
    from webapp.services.analysis import AnalysisService
    from webapp.services.backup_repository import BackupRepository
    from webapp.services.current import Follower
    from webapp.services.feedback import FeedbackService
    from webapp.services.learning.cutting import FindLandmarks
    from webapp.services.learning.finetuning import FinetuneService
    from webapp.services.learning.gate import GateService, Rules
    from webapp.services.learning.snapshots import SnapshotService
    from webapp.services.learning.versions import VersionService
    from webapp.services.metrics import Metrics
    from webapp.services.receipts import ReceiptService
    from webapp.services.stopping import Stopping
    from webapp.ui.guard import App
    from webapp.ui.watch import Health

logger = logging.getLogger(__name__)
_HOUR, _MINUTE = 3600.0, 60.0
_FOLLOWED = 5.0  # seconds until a promotion by another process is seen
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
class Learning:
    """What turns decisions into better models. A block ends it."""

    records: Records
    snapshots: SnapshotService
    versions: VersionService
    finetuning: FinetuneService
    gate: GateService
    decoders: Decoders

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.decoders.close()
        self.records.engine.dispose()


@dataclass(frozen=True)
class Application:
    """The services, the pages and the plain HTTP interface over them, what /healthz answers, what is done by the clock, and its end."""

    analysis: AnalysisService
    feedback: FeedbackService
    receipts: ReceiptService
    blocks: gr.Blocks
    rest: App
    health: Health
    metrics: Metrics | None
    timer: Timer
    stopping: Stopping


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
        BackupService(engine, audit, folder=settings.backups, kept=settings.kept_backups, repository=_repository(settings)),
        keeping,
        RetentionService(
            engine, audit, keeping, days=settings.retention_days, backups=settings.backups, snapshots=SnapshotFolders(settings.snapshots)
        ),
        version,
    )


def restore(settings: Settings, wanted: str) -> str:
    """Make the database from a backup, where there is none; returns the backup's name. Raises Unable and as `open_records` does."""
    if (repository := _repository(settings)) is not None:
        repository.pull(settings.backups)
    source = backups.restore(settings.database, settings.backups, wanted)
    engine = open_database(settings.database)
    backups.tell_of_restoring(AuditService(make_sessions(engine), settings.audit_head), source)
    engine.dispose()
    return source.name


def _restore_at_start(settings: Settings) -> None:
    """Where there is no database and the host wants it from a backup. The very first start finds none: then it begins empty; but where
    the backups cannot be reached it must not, since the next backup would be taken for the newest state.
    """
    if not settings.restore or backups.exists(settings.database):
        return
    if settings.backups_folder is not None and not settings.backups_folder.is_dir():
        raise Unable("no_backups_folder", f"there is no folder {settings.backups_folder} (LENS_BACKUPS); is its volume mounted?")
    try:
        restore(settings, settings.restore)
    except Unable as error:
        if error.code != "no_backup" or settings.restore != "latest":
            raise
        logger.warning("%s: the database begins empty", error.message)


def open_learning(
    settings: Settings,
    records: Records | None = None,
    decoders: Decoders | None = None,
    *,
    landmarks: Callable[[], FindLandmarks] | None = None,
    delay: timedelta = timedelta(minutes=10),
    rules: Rules | None = None,
) -> Learning:
    """Over the database of the settings, or records and decoders that are there already. `delay`: for how long a decision must have stood.
    Raises as `open_records` does.
    """
    from laanet_core.landmark_detection import LandmarkDetector
    from webapp.media.decoding.decoders import Decoders as MoreDecoders
    from webapp.services.learning.finetuning import FinetuneService
    from webapp.services.learning.gate import GateService
    from webapp.services.learning.gate import Rules as GateRules
    from webapp.services.learning.measuring import Ground
    from webapp.services.learning.snapshots import SnapshotService

    opened = records or open_records(settings, upgrade=False)
    folders, versions = SnapshotFolders(settings.snapshots), versions_of(opened, settings)
    reader = decoders or MoreDecoders(most=1, megabytes=settings.decode_mb, seconds=settings.decode_seconds)
    snapshots = SnapshotService(
        *(opened.sessions, opened.audit, opened.keeping, folders),
        landmarks=landmarks or LandmarkDetector,
        reader=reader,
        delay=delay,
        frames=settings.frames,
    )
    ground = Ground(settings.snapshots, settings.gate_manifests, settings.gate_corruptions, settings.device)
    rules = rules or GateRules(loss=settings.gate_loss, slice_loss=settings.gate_slice_loss)
    finetuning = FinetuneService(opened.sessions, snapshots, versions, settings.runs, device=settings.device)
    gate = GateService(snapshots, versions, ground, settings.runs / "judged", rules)
    return Learning(opened, snapshots, versions, finetuning, gate, reader)


def present_detector(settings: Settings, learning: Learning) -> Detector:
    """What answers now: the champion or, where nothing was promoted yet, the weights of the settings."""
    champion = learning.versions.champion()
    return _detector(settings, settings.weights if champion is None else champion.folder, learning.decoders)


def versions_of(records: Records, settings: Settings) -> VersionService:
    from webapp.services.learning.versions import VersionService

    return VersionService(records.sessions, records.audit, settings.models, settings.weights)


def build(settings: Settings) -> Application:
    """Load the weights, open database and store, make the pages.

    Raises LaanetError, Unable, UnusableDatabase, InvalidSetting (LENS_STORE) and database errors.
    """
    from webapp.media.decoding.decoders import Decoders
    from webapp.services.current import CurrentDetector, Follower
    from webapp.services.weights import StartingWeights

    starting = StartingWeights(settings.weights)  # first: the Hub takes its time
    from webapp.services.analysis import AnalysisService
    from webapp.services.evidence import EvidenceService
    from webapp.services.exports import ExportService
    from webapp.services.feedback import FeedbackService
    from webapp.services.jobs import Jobs
    from webapp.services.receipts import ReceiptService
    from webapp.services.stopping import Stopping
    from webapp.services.uploads import Uploads

    _restore_at_start(settings)
    decoders = Decoders(most=settings.decoders, megabytes=settings.decode_mb, seconds=settings.decode_seconds)
    records = open_records(settings, strip=decoders.bare)
    sessions = records.sessions
    learning = open_learning(settings, records, decoders)
    base, weights = starting.load(lambda source: _detector(settings, source, decoders))
    detector = CurrentDetector(base)
    follower = Follower(detector, learning.versions.champion, lambda folder: _detector(settings, folder, decoders))
    if not settings.zero_gpu:  # there the network is what was there before the first fork
        follower.follow()
    limits = {"frames": settings.frames, "at_once": settings.at_once, "max_waiting": settings.max_waiting}
    analysis = AnalysisService(detector, sessions, Jobs(), **limits, keeping=records.keeping)
    metrics = _metrics(settings, analysis)
    feedback = FeedbackService(sessions)
    receipts = ReceiptService(
        sessions, records.audit, records.keeping, backups=settings.backups, snapshots=SnapshotFolders(settings.snapshots)
    )

    def health() -> dict[str, Any]:
        return {
            "status": "stopping" if analysis.turns.closed else "ok",
            "model": detector.info.to_json(),
            "weights": weights.to_json(),
            "device": "zerogpu" if settings.zero_gpu else str(detector.device),
            "runtime": detector.runtime.to_json(),
            "running": analysis.turns.running,
            "queue_length": analysis.turns.waiting,
            "database": "ok" if answers(records.engine) else "unavailable",
            "backed_up": None if (until := records.backups.holds_until()) is None else until.isoformat(),
        }

    from webapp.ui.app import build as build_pages
    from webapp.ui.rest.app import RestServices
    from webapp.ui.rest.app import build as build_rest
    from webapp.ui.services import Services

    uploads = Uploads(settings.cache)
    evidence = EvidenceService(detector, decoders, frames=settings.frames, folder=settings.cache)
    blocks = build_pages(Services(analysis, feedback, receipts, evidence, uploads, settings, weights))
    rest = build_rest(RestServices(analysis, feedback, receipts, ExportService(sessions, receipts, records.keeping)), settings)
    timer = Timer([*_tasks(records, settings), *_learning_tasks(learning, follower, settings)])
    stopping = Stopping(
        analysis,
        timer,
        backup=records.backups.make if settings.backup_hours and sqlite_file(records.engine.url) else None,
        close_server=lambda: blocks.close(verbose=False),
        close_decoders=decoders.close,
        close_database=records.engine.dispose,
    )
    return Application(analysis, feedback, receipts, blocks, rest, health, metrics, timer, stopping)


def _detector(settings: Settings, source: str | Path, reader: Reader) -> Detector:
    if settings.zero_gpu:
        from webapp.zerogpu import LendingDetector as Detector
    else:
        from laanet_core.inference import Detector  # type: ignore[assignment]

    return Detector.from_weights(
        source, settings.device, runtime=settings.runtime, precision=settings.precision, cache=settings.compiled, reader=reader
    )


def _tasks(records: Records, settings: Settings) -> list[Task]:
    """Old results go at start and every hour; the store is swept every hour; a backup is made when the newest one is old enough."""
    tasks = [Task("sweeping the store", records.keeping.sweep, every=_HOUR, first=_SETTLED)]
    if settings.retention_days:
        tasks.append(Task("deleting old results", records.retention.purge, every=_HOUR, first=0))
    if settings.backup_hours:
        every = settings.backup_hours * _HOUR
        since = records.backups.seconds_since()
        settled = min(_SETTLED, every)
        first = settled if since is None else max(settled, every - since)
        tasks.append(Task("the backup", records.backups.make, every=every, first=first))
    return tasks


def _learning_tasks(learning: Learning, follower: Follower, settings: Settings) -> list[Task]:
    """Promotions of other processes are followed; a fine-tuning that was cut off goes on; folders of stale snapshots go."""
    tasks = [
        Task("the run that was cut off", learning.finetuning.revive, every=_MINUTE, first=_MINUTE),
        Task("sweeping the snapshots", learning.snapshots.sweep, every=_HOUR, first=_SETTLED),
    ]
    return tasks if settings.zero_gpu else [*tasks, Task("the model that answers", follower.follow, every=_FOLLOWED, first=_FOLLOWED)]


def _version(settings: Settings) -> str | None:
    engine = connect(settings.database)
    try:
        with engine.connect() as connection:
            return version_of(connection)
    finally:
        engine.dispose()


def _repository(settings: Settings) -> BackupRepository | None:
    if not settings.backups_repository:
        return None
    from webapp.services.backup_repository import BackupRepository

    return BackupRepository(settings.backups_repository)


def _metrics(settings: Settings, analysis: AnalysisService) -> Metrics | None:
    if not settings.metrics_token:
        return None
    try:
        from webapp.services.metrics import Metrics
    except ImportError as error:
        raise InvalidSetting("LENS_METRICS_TOKEN needs a package that is not installed: prometheus-client") from error
    metrics = Metrics(analysis.turns, analysis.detector.info)
    analysis.told = metrics.analysed
    return metrics


def _open_store(settings: Settings) -> MediaStore:
    try:
        return MediaStore(settings.media)
    except (ImportError, ValueError) as error:  # a kind of store that is unknown, or needs a package that is not there
        raise InvalidSetting(f"LENS_STORE cannot be {settings.media!r}: {error}") from error
