"""Construction of the server: detector, decoders, services, pages, scheduled tasks and shutdown."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.bootstrap.cases import Cases, build_cases, build_desk
from webapp.bootstrap.detector import open_decoders, open_detector, open_trust_list
from webapp.bootstrap.learning import Learning, learning_tasks, open_learning
from webapp.bootstrap.records import Records, known_files, open_records, restore_at_start, result_deletion
from webapp.bootstrap.report_keys import open_report_keys, verification_service
from webapp.bootstrap.tasks import MINUTE, records_tasks
from webapp.db.session import is_reachable
from webapp.db.sqlite_files import sqlite_file
from webapp.domain.clock import now
from webapp.services.operations.allocator import return_freed_memory
from webapp.services.operations.scheduler import ScheduledTask, Scheduler
from webapp.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from laanet_core.media.trust_list import TrustList
    from laanet_core.results import ModelInfo
    from webapp.media.decoding.process_pool import DecoderPool
    from webapp.security.key_file import KeySource
    from webapp.services.analysis.analysed_media import PixelCache
    from webapp.services.analysis.queue import AnalysisQueue
    from webapp.services.analysis.service import AnalysisService
    from webapp.services.model_registry.serving import ChampionFollower, CurrentDetector
    from webapp.services.model_registry.startup_weights import WeightsInUse
    from webapp.services.operations.prometheus import PrometheusMetrics
    from webapp.services.operations.shutdown import Shutdown
    from webapp.services.results.exports import ExportService
    from webapp.ui.health import Health
    from webapp.ui.mcp.app import McpSite
    from webapp.ui.server import Site
    from webapp.ui.services import Services


@dataclass(frozen=True)
class Application:
    """Complete server: visitors' services, pages, scheduled tasks and shutdown."""

    services: Services
    site: Site
    timer: Scheduler
    stopping: Shutdown


@dataclass(frozen=True)
class Foundation:
    """Decoders, open database and current detector, on which all services of the server are built.

    `follower` loads a new champion into the detector. `weights` describes the weights loaded at the start.
    `trust_list` is that of Content Credentials; without it no signer is trusted.
    """

    decoders: DecoderPool
    records: Records
    learning: Learning
    detector: CurrentDetector
    follower: ChampionFollower
    weights: WeightsInUse
    trust_list: TrustList | None


def build(settings: Settings) -> Application:
    """Load the weights, open database and media store, and build services and pages.

    Raises LaanetError, Unable (no_decoder, invalid_report_keys), UnusableDatabase, database errors and
    InvalidSetting (LENS_STORE, LENS_REPORT_KEYS, LENS_MCP).
    """
    foundation = _open_foundation(settings)
    keys = open_report_keys(settings)
    from webapp.media.fingerprint import preload_hashing
    from webapp.services.analysis.analysed_media import PixelCache
    from webapp.services.analysis.queue import AnalysisQueue

    records = foundation.records
    cases = build_cases(records, settings, foundation.detector)
    queue = AnalysisQueue(
        at_once=settings.at_once, max_waiting=settings.max_waiting, decoders=settings.decoders
    )
    metrics = _metrics(settings, queue, foundation.detector.info)
    if metrics is not None:
        metrics.watch_rates(cases.drift)
    preload_hashing()
    foundation.decoders.wait_until_ready()
    analysis = _build_analysis(settings, foundation, cases, queue=queue, metrics=metrics)
    pixels = PixelCache()
    services, exports = _build_services(
        settings, foundation, cases, analysis=analysis, pixels=pixels, keys=keys
    )

    from webapp.ui.rest.app import RestServices
    from webapp.ui.rest.app import build as build_rest
    from webapp.ui.server import Site
    from webapp.ui.server import build as build_pages

    rest_services = RestServices(
        analysis=analysis,
        feedback=services.feedback,
        receipts=services.receipts,
        exports=exports,
        verification=services.verification,
        model_measures=cases.model_measures,
    )
    desk = build_desk(
        records,
        cases,
        foundation.learning,
        detector=foundation.detector,
        reader=foundation.decoders,
        settings=settings,
    )
    site = Site(
        blocks=build_pages(services),
        presence=services.presence,
        rest=build_rest(rest_services, settings),
        desk=desk,
        health=_health(settings, foundation, analysis),
        report_keys=lambda: services.verification.public_keys().jwk_set(),
        model_measures=cases.model_measures,
        metrics=metrics,
        mcp=_mcp(settings, services),
    )
    timer = _build_timer(settings, foundation, cases, pixels)
    stopping = _build_shutdown(settings, foundation, analysis=analysis, timer=timer, site=site)
    return Application(services=services, site=site, timer=timer, stopping=stopping)


def _open_foundation(settings: Settings) -> Foundation:
    """Load the weights while the decoders start and the database opens. Raises the errors of `build`."""
    from webapp.services.model_registry.serving import ChampionFollower, CurrentDetector
    from webapp.services.model_registry.startup_weights import StartupWeights

    # A download from the Hub takes long, so it starts first.
    starting = StartupWeights(settings.weights)
    restore_at_start(settings)
    trust_list = open_trust_list(settings)
    decoders = open_decoders(settings, trust_list, most=settings.decoders)
    records = open_records(settings, strip=decoders.bare)
    learning = open_learning(settings, records, decoders)
    loaded_detector, weights = starting.load(lambda source: open_detector(settings, source, decoders))
    detector = CurrentDetector(loaded_detector)
    follower = ChampionFollower(
        detector, learning.versions.champion, lambda folder: open_detector(settings, folder, decoders)
    )
    # On ZeroGPU forked processes use the network loaded before the first fork.
    if not settings.zero_gpu:
        follower.follow()
    return Foundation(
        decoders=decoders,
        records=records,
        learning=learning,
        detector=detector,
        follower=follower,
        weights=weights,
        trust_list=trust_list,
    )


def _build_analysis(
    settings: Settings,
    foundation: Foundation,
    cases: Cases,
    *,
    queue: AnalysisQueue,
    metrics: PrometheusMetrics | None,
) -> AnalysisService:
    """Return the service that analyses visitors' files, reports them to `metrics` and opens cases."""
    from webapp.services.analysis.analysis_store import AnalysisStore
    from webapp.services.analysis.jobs import Jobs
    from webapp.services.analysis.service import AnalysisService

    records = foundation.records
    return AnalysisService(
        foundation.detector,
        AnalysisStore(
            records.sessions,
            kept_media=records.keeping,
            on_kept=cases.triage.process,
            known_files=known_files(settings, records.sessions),
        ),
        Jobs(),
        frames=settings.frames,
        queue=queue,
        on_analysed=[] if metrics is None else [metrics.record_analysis],
    )


def _build_services(
    settings: Settings,
    foundation: Foundation,
    cases: Cases,
    *,
    analysis: AnalysisService,
    pixels: PixelCache,
    keys: KeySource,
) -> tuple[Services, ExportService]:
    """Return the services of the public pages, and the exports.

    A deleted result also leaves `pixels` and the uploads.
    """
    from webapp.services.reports.signing import ReportSigner
    from webapp.services.results.evidence import EvidenceService
    from webapp.services.results.exports import ExportService
    from webapp.services.results.feedback import FeedbackService
    from webapp.services.results.receipts import ReceiptService
    from webapp.services.results.stored_evidence import StoredEvidenceService
    from webapp.services.storage.uploads import Uploads, visits_folder
    from webapp.ui.page_presence import Presence
    from webapp.ui.services import Services

    records = foundation.records
    uploads = Uploads(settings.cache)
    deletion = result_deletion(
        settings,
        records.engine,
        records.audit,
        records.keeping,
        on_deleted=[uploads.release, pixels.release_receipt],
    )
    receipts = ReceiptService(
        records.sessions,
        deletion,
        undo_period=cases.delay,
        on_notice=cases.triage.process,
        backed_up_until=records.backups.covered_until,
        known_files=known_files(settings, records.sessions),
    )
    evidence = EvidenceService(
        foundation.detector,
        foundation.decoders,
        folder=settings.cache,
        cache=pixels,
        reliability=cases.reliability,
        signer=ReportSigner(keys, host=settings.report_host),
        workers=settings.at_once,
    )
    exports = ExportService(records.sessions, receipts, records.keeping)
    services = Services(
        analysis=analysis,
        feedback=FeedbackService(records.sessions, on_stored=cases.triage.process),
        receipts=receipts,
        evidence=evidence,
        stored_evidence=StoredEvidenceService(
            receipts, exports, evidence, foundation.detector, folder=visits_folder(settings.cache)
        ),
        verification=verification_service(records, settings, lambda: keys().public),
        uploads=uploads,
        settings=settings,
        presence=Presence(analysis.jobs.stop),
        weights=foundation.weights,
    )
    return services, exports


def _build_timer(settings: Settings, foundation: Foundation, cases: Cases, pixels: PixelCache) -> Scheduler:
    """Return the scheduler with the tasks of the database, the cases, the learning and the pixel cache."""
    from webapp.services.analysis.analysed_media import UNUSED_SECONDS

    release_pixels = ScheduledTask(
        "releasing pixels", lambda: pixels.sweep(UNUSED_SECONDS), every=MINUTE, first=MINUTE
    )
    return Scheduler(
        [
            *records_tasks(foundation.records, settings),
            *cases.tasks,
            *learning_tasks(foundation.learning, foundation.follower, settings),
            release_pixels,
            ScheduledTask("returning freed memory", return_freed_memory, every=MINUTE, first=MINUTE),
        ]
    )


def _build_shutdown(
    settings: Settings,
    foundation: Foundation,
    *,
    analysis: AnalysisService,
    timer: Scheduler,
    site: Site,
) -> Shutdown:
    """Return the shutdown, which makes a last backup on a Space, whose disk is lost with the process."""
    from webapp.services.operations.shutdown import Shutdown

    records = foundation.records
    makes_last_backup = settings.space and settings.backup_hours and sqlite_file(records.engine.url)
    return Shutdown(
        analysis,
        timer,
        backup=records.backups.make if makes_last_backup else None,
        close_server=lambda: site.blocks.close(verbose=False),
        close_decoders=foundation.decoders.close,
        close_database=records.engine.dispose,
    )


def _health(settings: Settings, foundation: Foundation, analysis: AnalysisService) -> Health:
    """Return the function that describes the state of the server for /healthz."""
    records = foundation.records
    detector = foundation.detector
    trust_list = foundation.trust_list

    def health() -> dict[str, Any]:
        backed_up_until = records.backups.covered_until()
        return {
            "status": "stopping" if analysis.queue.is_closed else "ok",
            "model": dataclasses.asdict(detector.info),
            "weights": foundation.weights.to_json(),
            "device": "zerogpu" if settings.zero_gpu else str(detector.device),
            "runtime": dataclasses.asdict(detector.runtime),
            "running": analysis.queue.running,
            "queue_length": analysis.queue.waiting,
            "database": "ok" if is_reachable(records.engine) else "unavailable",
            "c2pa_trust": None if trust_list is None else _trust_state(trust_list),
            "backed_up": None if backed_up_until is None else backed_up_until.isoformat(),
        }

    return health


def _trust_state(trust_list: TrustList) -> dict[str, Any]:
    """Return the size and age of the trust list of Content Credentials for /healthz."""
    return {
        "certificates": trust_list.certificates,
        "changed": trust_list.changed_at.isoformat(),
        "age_days": trust_list.age_days(now()),
        "sha256": trust_list.sha256,
    }


def _metrics(settings: Settings, queue: AnalysisQueue, model: ModelInfo) -> PrometheusMetrics | None:
    """Return the collector of the figures on /metrics; None without a token in the settings.

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


def _mcp(settings: Settings, services: Services) -> McpSite | None:
    """Return the tools for AI programs; None if they are off. Raises InvalidSetting without the package."""
    if settings.mcp == "off":
        return None
    try:
        from webapp.ui.mcp.app import McpSite
    except ImportError as error:
        raise InvalidSetting("LENS_MCP=on needs a package that is not installed: mcp") from error
    return McpSite(services.analysis, services.receipts, settings)
