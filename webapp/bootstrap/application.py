"""Construction of the server: detector, decoders, services, pages, scheduled tasks and shutdown."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.bootstrap.cases import build_cases, build_desk
from webapp.bootstrap.detector import open_detector
from webapp.bootstrap.learning import learning_tasks, open_learning
from webapp.bootstrap.records import Records, open_records, restore_at_start, result_deletion
from webapp.bootstrap.tasks import MINUTE, records_tasks
from webapp.db.session import is_reachable
from webapp.db.sqlite_files import sqlite_file
from webapp.services.operations.scheduler import ScheduledTask, Scheduler
from webapp.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from laanet_core.results import ModelInfo
    from webapp.services.analysis.queue import AnalysisQueue
    from webapp.services.analysis.service import AnalysisService
    from webapp.services.model_registry.serving import CurrentDetector
    from webapp.services.model_registry.startup_weights import WeightsInUse
    from webapp.services.operations.prometheus import PrometheusMetrics
    from webapp.services.operations.shutdown import Shutdown
    from webapp.ui.health import Health
    from webapp.ui.server import Site
    from webapp.ui.services import Services


@dataclass(frozen=True)
class Application:
    """Complete server: visitors' services, pages, scheduled tasks and shutdown."""

    services: Services
    site: Site
    timer: Scheduler
    stopping: Shutdown


def build(settings: Settings) -> Application:
    """Load the weights, open database and media store, and build services and pages.

    Raises LaanetError, Unable (no_decoder), UnusableDatabase, InvalidSetting (LENS_STORE) and database
    errors.
    """
    from webapp.media.decoding.process_pool import DecoderPool
    from webapp.media.fingerprint import preload_hashing
    from webapp.services.model_registry.serving import ChampionFollower, CurrentDetector
    from webapp.services.model_registry.startup_weights import StartupWeights

    # A download from the Hub takes long, so it starts first.
    starting = StartupWeights(settings.weights)
    from webapp.services.analysis.analysed_media import UNUSED_SECONDS, PixelCache
    from webapp.services.analysis.jobs import Jobs
    from webapp.services.analysis.queue import AnalysisQueue
    from webapp.services.analysis.service import AnalysisService
    from webapp.services.operations.shutdown import Shutdown
    from webapp.services.results.evidence import EvidenceService
    from webapp.services.results.exports import ExportService
    from webapp.services.results.feedback import FeedbackService
    from webapp.services.results.receipts import ReceiptService
    from webapp.services.storage.uploads import Uploads

    restore_at_start(settings)
    decoders = DecoderPool(
        most=settings.decoders, megabytes=settings.decode_mb, seconds=settings.decode_seconds
    )
    records = open_records(settings, strip=decoders.bare)
    sessions = records.sessions
    learning = open_learning(settings, records, decoders)
    base, weights = starting.load(lambda source: open_detector(settings, source, decoders))
    detector = CurrentDetector(base)
    follower = ChampionFollower(
        detector, learning.versions.champion, lambda folder: open_detector(settings, folder, decoders)
    )
    # On ZeroGPU forked processes use the network loaded before the first fork.
    if not settings.zero_gpu:
        follower.follow()
    cases = build_cases(records, settings, detector)
    queue = AnalysisQueue(at_once=settings.at_once, max_waiting=settings.max_waiting)
    metrics = _metrics(settings, queue, detector.info)
    preload_hashing()
    decoders.wait_until_ready()
    analysis = AnalysisService(
        detector,
        sessions,
        Jobs(),
        frames=settings.frames,
        queue=queue,
        kept_media=records.keeping,
        on_analysed=[] if metrics is None else [metrics.record_analysis],
        on_kept=cases.triage.process,
    )
    feedback = FeedbackService(sessions, on_stored=cases.triage.process)
    uploads, pixels = Uploads(settings.cache), PixelCache()
    deletion = result_deletion(
        settings,
        records.engine,
        records.audit,
        records.keeping,
        on_deleted=[uploads.release, pixels.release_receipt],
    )
    receipts = ReceiptService(
        sessions,
        deletion,
        undo_period=cases.delay,
        on_notice=cases.triage.process,
        backed_up_until=records.backups.covered_until,
    )

    from webapp.ui.page_presence import Presence
    from webapp.ui.rest.app import RestServices
    from webapp.ui.rest.app import build as build_rest
    from webapp.ui.server import Site
    from webapp.ui.server import build as build_pages
    from webapp.ui.services import Services

    evidence = EvidenceService(
        detector,
        decoders,
        frames=settings.frames,
        folder=settings.cache,
        cache=pixels,
        reliability=cases.reliability,
        workers=settings.at_once,
    )
    services = Services(
        analysis, feedback, receipts, evidence, uploads, settings, Presence(analysis.jobs.stop), weights
    )
    blocks = build_pages(services)
    rest = build_rest(
        RestServices(analysis, feedback, receipts, ExportService(sessions, receipts, records.keeping)),
        settings,
    )
    health = _health(settings, records, analysis, detector, weights)
    timer = Scheduler(
        [
            *records_tasks(records, settings),
            *cases.tasks,
            *learning_tasks(learning, follower, settings),
            ScheduledTask(
                "releasing pixels", lambda: pixels.sweep(UNUSED_SECONDS), every=MINUTE, first=MINUTE
            ),
        ]
    )
    stopping = Shutdown(
        analysis,
        timer,
        backup=records.backups.make
        if settings.space and settings.backup_hours and sqlite_file(records.engine.url)
        else None,
        close_server=lambda: blocks.close(verbose=False),
        close_decoders=decoders.close,
        close_database=records.engine.dispose,
    )
    site = Site(
        blocks, rest, build_desk(records, cases, learning, detector, decoders, settings), health, metrics
    )
    return Application(services, site, timer, stopping)


def _health(
    settings: Settings,
    records: Records,
    analysis: AnalysisService,
    detector: CurrentDetector,
    weights: WeightsInUse,
) -> Health:
    """Return the function that answers /healthz."""

    def health() -> dict[str, Any]:
        return {
            "status": "stopping" if analysis.queue.is_closed else "ok",
            "model": dataclasses.asdict(detector.info),
            "weights": weights.to_json(),
            "device": "zerogpu" if settings.zero_gpu else str(detector.device),
            "runtime": dataclasses.asdict(detector.runtime),
            "running": analysis.queue.running,
            "queue_length": analysis.queue.waiting,
            "database": "ok" if is_reachable(records.engine) else "unavailable",
            "backed_up": None if (until := records.backups.covered_until()) is None else until.isoformat(),
        }

    return health


def _metrics(settings: Settings, queue: AnalysisQueue, model: ModelInfo) -> PrometheusMetrics | None:
    """Return the metrics of /metrics; None without a token.

    Raises InvalidSetting if the package is missing.
    """
    if not settings.metrics_token:
        return None
    try:
        from webapp.services.operations.prometheus import PrometheusMetrics
    except ImportError as error:
        raise InvalidSetting(
            "LENS_METRICS_TOKEN needs a package that is not installed: prometheus-client"
        ) from error
    return PrometheusMetrics(queue, model)
