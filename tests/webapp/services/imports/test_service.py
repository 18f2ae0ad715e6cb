"""Import of files, with a detector that judges a picture by its brightness."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from laanet_core.decision import DecisionConfig
from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, ErrorInfo, FaceResult, ModelInfo, Verdict
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, AuditEntry, CaseItem, ImportedFile
from webapp.domain.consent import IMPORTED as IMPORTED_CONSENT
from webapp.domain.consent import PUBLISHABLE_CONSENTS
from webapp.domain.enums import ImportRule
from webapp.domain.errors import Unable
from webapp.media.store import MediaStore
from webapp.services.audit.log import AuditService
from webapp.services.imports.report import IMPORTED, KNOWN, REFUSED, ImportRow
from webapp.services.imports.service import ImportService, ImportSummary
from webapp.services.imports.sources import ListedFile, list_files
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.services.storage.kept_media import KeptMediaService

pytestmark = pytest.mark.both_databases
PROBS: dict[Verdict, float] = {"real": 0.1, "inconclusive": 0.5, "fake": 0.9}
BRIGHTNESS: dict[Verdict, int] = {"real": 40, "inconclusive": 120, "fake": 200}


class BrightnessDetector:
    """Detector that finds one face in every picture."""

    info, decision, notice = ModelInfo("m", "1", "1" * 64), DecisionConfig(), None

    def __init__(self, on_file: Callable[[], object] = lambda: None) -> None:
        self._on_file = on_file
        self.judged = 0

    def analyse_file(self, path: str | Path, *, on_frame: Any, **_: Any) -> AnalysisResult:
        self.judged += 1
        self._on_file()
        try:
            rgb = read_image(Path(path))
        except UnreadableMedia as error:
            refusal = ErrorInfo(error.code, error.message)
            return AnalysisResult("image", "rejected", None, None, (), self.info, 0.1, error=refusal)
        on_frame(Frame(rgb, 0.0))
        verdict = min(PROBS, key=lambda name: abs(BRIGHTNESS[name] - float(rgb.mean())))
        prob = PROBS[verdict]
        face = FaceResult((0.0, 0.0, 32.0, 32.0), 1.0, 0.0, prob, verdict)
        return AnalysisResult("image", "verdict", verdict, prob, (face,), self.info, 0.1, size=(32, 32))


class Importer:
    """Imports a folder of pictures and keeps the rows of the report."""

    def __init__(
        self, folder: Path, sessions: Sessions, audit: AuditService, kept_media: KeptMediaService
    ) -> None:
        self.folder = folder
        self.triage = Triage(CaseEvents(audit), TriageRules(audit_share=1.0))
        self.detector = BrightnessDetector()
        self.rows: list[ImportRow] = []
        self._services = sessions, audit, kept_media
        self._chance = np.random.default_rng(1)

    def picture(self, name: str, verdict: Verdict) -> bytes:
        """Write a picture of that verdict and return its bytes."""
        noise = self._chance.integers(-30, 30, (32, 32, 3))
        path = self.folder / f"{name}.png"
        assert cv2.imwrite(str(path), (BRIGHTNESS[verdict] + noise).astype(np.uint8))
        return path.read_bytes()

    def service(self, **changes: Any) -> ImportService:
        sessions, audit, kept_media = self._services
        options: dict[str, Any] = {"frames": 4, "max_bytes": 100_000, "folder": self.folder.parent / "copies"}
        options["on_stored"] = self.triage.process
        detector = changes.pop("detector", self.detector)
        kept_media = changes.pop("kept_media", kept_media)
        return ImportService(sessions, audit, kept_media, detector, **options | changes)

    def run(self, rule: str = "all", **changes: Any) -> ImportSummary:
        files = list_files(str(self.folder), "Commons", "CC0")
        return self.service(**changes).run(files, ImportRule(rule), self.rows.append)


@pytest.fixture
def importer(tmp_path: Path, sessions: Sessions, audit: AuditService, keeping: KeptMediaService) -> Importer:
    folder = tmp_path / "photos"
    folder.mkdir()
    return Importer(folder, sessions, audit, keeping)


def reasons(sessions: Sessions) -> dict[str, str]:
    """Return the reason of each case by the verdict on its file."""
    with sessions() as session:
        return {item.analysis.verdict: item.reason for item in session.scalars(select(CaseItem))}


def imports(sessions: Sessions) -> list[tuple[str, str, str]]:
    with sessions() as session:
        return [(file.source, file.rights, file.rule) for file in session.scalars(select(ImportedFile))]


def test_files_are_kept_with_source_and_rights(
    importer: Importer, sessions: Sessions, keeping: KeptMediaService
) -> None:
    content = importer.picture("a", "fake")
    assert importer.run() == ImportSummary(imported=1, known=0, refused=0)
    (row,) = importer.rows
    assert (row.path, row.state, row.outcome, row.verdict) == ("a.png", IMPORTED, "verdict", "fake")
    assert imports(sessions) == [("Commons", "CC0", "all")]
    result = receipt_service(sessions, keeping=keeping).result(row.receipt or "")
    assert result.media.sha256 == row.sha256
    assert result.media.kept is not None
    assert result.media.kept.bytes == len(content)
    assert result.media.consent is not None
    assert result.media.consent.text_version == IMPORTED_CONSENT
    assert IMPORTED_CONSENT not in PUBLISHABLE_CONSENTS
    assert list((importer.folder.parent / "copies").iterdir()) == []


@pytest.mark.parametrize(
    ("rule", "verdicts"),
    [
        ("all", {"real", "inconclusive", "fake"}),
        ("inconclusive", {"inconclusive"}),
        ("fake", {"fake"}),
        ("none", set()),
    ],
)
def test_cases_are_opened_by_the_rule_and_never_drawn(
    importer: Importer, sessions: Sessions, rule: str, verdicts: set[str]
) -> None:
    for verdict in PROBS:
        importer.picture(verdict, verdict)
    importer.run(rule)
    assert reasons(sessions) == dict.fromkeys(verdicts, "import")
    # The server's own sweep adds nothing.
    importer.triage.sweep()
    assert reasons(sessions) == dict.fromkeys(verdicts, "import")


def test_a_second_import_makes_nothing_twice(importer: Importer, sessions: Sessions) -> None:
    content = importer.picture("a", "fake")
    (importer.folder / "same bytes.png").write_bytes(content)
    importer.picture("b", "real")
    assert importer.run() == ImportSummary(imported=2, known=1, refused=0)
    assert importer.run() == ImportSummary(imported=0, known=3, refused=0)
    assert importer.detector.judged == 2
    assert [row.state for row in importer.rows[3:]] == [KNOWN] * 3
    with sessions() as session:
        assert len(session.scalars(select(Analysis)).all()) == 2
        assert len(session.scalars(select(CaseItem)).all()) == 2


def test_bad_files_are_rows_with_codes(importer: Importer, sessions: Sessions) -> None:
    importer.picture("good", "fake")
    (importer.folder / "bad.png").write_bytes(b"no picture")
    (importer.folder / "large.png").write_bytes(bytes(100_001))
    assert importer.run() == ImportSummary(imported=1, known=0, refused=2)
    assert {row.path: row.code for row in importer.rows if row.state == REFUSED} == {
        "bad.png": "unsupported_type",
        "large.png": "too_large",
    }
    assert all(row.message and row.receipt is None for row in importer.rows if row.state == REFUSED)
    assert len(imports(sessions)) == 1


def test_a_file_without_a_statement_is_refused_before_it_is_read(importer: Importer) -> None:
    missing = str(importer.folder / "none.png")
    statements = [("", "CC0"), ("Commons", ""), ("x" * 501, "CC0"), ("Commons", "a\x00b")]
    files = [ListedFile("none.png", missing, source, rights) for source, rights in statements]
    importer.service().run(files, ImportRule.ALL, importer.rows.append)
    codes = [row.code for row in importer.rows]
    assert codes == ["missing_source", "missing_rights", "invalid_source", "invalid_rights"]


def test_cases_of_an_import_that_ended_too_early_are_opened(importer: Importer, sessions: Sessions) -> None:
    importer.picture("a", "real")
    importer.run(on_stored=lambda receipt_hash: None)
    assert reasons(sessions) == {}
    assert importer.run() == ImportSummary(imported=0, known=1, refused=0)
    assert reasons(sessions) == {"real": "import"}


def test_a_full_store_ends_the_import_and_stores_nothing(
    importer: Importer, sessions: Sessions, store: MediaStore
) -> None:
    first, _ = importer.picture("a", "fake"), importer.picture("b", "fake")
    small = KeptMediaService(sessions, store, quota=len(first) + 10)
    with pytest.raises(Unable) as failure:
        importer.run(kept_media=small)
    assert failure.value.code == "store_full"
    assert [row.path for row in importer.rows] == ["a.png"]
    assert importer.run() == ImportSummary(imported=1, known=1, refused=0)
    assert len(store.listed()) == 2


def test_imports_at_the_same_time_store_a_file_once(
    importer: Importer, sessions: Sessions, store: MediaStore
) -> None:
    importer.picture("a", "fake")
    faster = BrightnessDetector(on_file=importer.run)
    assert importer.run(detector=faster) == ImportSummary(imported=0, known=1, refused=0)
    assert [row.state for row in importer.rows] == [IMPORTED, KNOWN]
    assert len(imports(sessions)) == len(store.listed()) == 1


def test_an_interrupted_import_is_audited_without_names_of_files(
    importer: Importer, sessions: Sessions
) -> None:
    importer.picture("a", "real")
    importer.picture("b", "real")

    def interrupt() -> None:
        if importer.detector.judged == 2:
            raise KeyboardInterrupt

    importer.detector = BrightnessDetector(interrupt)
    with pytest.raises(KeyboardInterrupt):
        importer.run("none")
    with sessions() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "files_imported"))
    assert json.loads(entry.details) == {"imported": 1, "known": 0, "refused": 0, "rule": "none"}
