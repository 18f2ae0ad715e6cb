"""What the holder of a receipt can do: see the result again, delete it, ask to be told of a decision."""

from __future__ import annotations

import base64
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from laanet_core.decision import DecisionConfig
from laanet_core.inference.stability import Stability
from laanet_core.inference.stable_verdicts import held_answer
from laanet_core.results import (
    AnalysisResult,
    ModelInfo,
)
from webapp.db import analysis_queries, case_queries, training_queries
from webapp.db.audit_chain import Event
from webapp.db.backups.erasure import delete_from_copies
from webapp.db.near_duplicates import fingerprint_bits
from webapp.db.session import Sessions, empty_journal
from webapp.db.tables import Analysis, Feedback, Rescore
from webapp.domain.enums import Action, Actor, Tag
from webapp.domain.errors import Refused, Unable, unknown_receipt
from webapp.security.tokens import receipt_hash
from webapp.services.analysis_records.rows import decision_of, result_of
from webapp.services.audit.log import AuditService
from webapp.services.moderation.labelling import UNDO_PERIOD
from webapp.services.results.moderation_outcome import told
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders

logger = logging.getLogger(__name__)

_COMMITTED_WITHIN = timedelta(
    minutes=1
)  # of the moment that a row bears; what waits longer for the database is refused


class ReceiptService:
    """Every method raises Refused: unknown_receipt, or unavailable / not_saved / not_deleted where the database fails."""

    def __init__(  # noqa: PLR0913
        self,
        sessions: Sessions,
        audit: AuditService | None = None,
        keeping: KeptMediaService | None = None,
        *,
        backups: Path | None = None,
        delay: timedelta = UNDO_PERIOD,
        asked: Callable[[str], object] | None = None,
        snapshots: SnapshotFolders | None = None,
        backed_up_until: Callable[[], datetime | None] = lambda: None,
        on_deleted: Sequence[Callable[[str], object]] = (),
    ) -> None:
        """`keeping` removes the files of what is deleted (only a database that never had any does without); `backups`: the folder of
        those that deletions must reach; `snapshots` likewise: those that hold something of what is deleted go; `delay`: for how long a
        decision may be undone and is not told; `asked` is told of everybody who wants to know what moderators decide, by the receipt's
        hash; `backed_up_until` tells before which moment all is in a backup. `on_deleted` are called with every receipt whose result is gone.
        """
        self._sessions = sessions
        self._audit = audit or AuditService(sessions)
        self._keeping = keeping
        self._backups = backups
        self._delay = delay
        self._asked = asked
        self._snapshots = snapshots
        self._backed_up_until = backed_up_until
        self._on_deleted = on_deleted

    def result(self, receipt: str) -> dict[str, Any]:
        """Everything that is stored under the receipt, ready for JSON, without any key named `path`.

        The keys of `predict --json` as they were answered, and `created_at`, `size`, `thresholds` (None for results older than they
        are kept), `held` (see `remember_held`; False: the verdict counts as inconclusive), `unstable_faces` (numbers of the faces whose
        verdicts did not hold), `feedback` (oldest first; `region` in base64), `later_scores`, `decision`, `waiting` and `reliability`
        (see `told`), `notify`, `media` (see `_media`), `durable`: what was answered and said so far is in a backup, and outlives this
        machine.
        """
        with (
            _failing_as("unavailable", "The result cannot be read just now. Please try again in a moment."),
            self._sessions() as session,
        ):
            analysis = analysis_queries.analysis_by_receipt(session, receipt_hash(receipt))
            if analysis is None:
                raise unknown_receipt()
            return {
                **_record(analysis),
                **told(session, analysis, self._delay),
                "durable": self._durable(analysis),
            }

    def _durable(self, analysis: Analysis) -> bool:
        until = self._backed_up_until()
        last = max([analysis.created_at, *(said.created_at for said in analysis.feedback)])
        return until is not None and last + _COMMITTED_WITHIN < until

    def remember_held(self, receipt: str, result: AnalysisResult, found: Sequence[Stability | None]) -> None:
        """Keep whether a picture's verdicts held, as `EvidenceService.stabilities` found; of a clip, whose verdict is that of no single
        frame, nothing is kept. A result that was deleted meanwhile stays deleted.
        """
        if result.kind == "video":
            return
        faces = {
            number: stability.stable
            for number, stability in enumerate(found, start=1)
            if stability is not None
        }
        held = held_answer(result, found).verdict == result.verdict
        with (
            _failing_as("not_saved", "It could not be saved. Please try again in a moment."),
            self._sessions.begin() as session,
        ):
            analysis_queries.set_stability(session, receipt_hash(receipt), held, faces)

    def delete(self, receipt: str) -> None:
        """Remove the analysis and all that hangs on it, from copies and backups too, and the kept file unless another receipt holds it
        as well. A second call: unknown_receipt.

        The one way a visitor's things go: whatever else comes to hang on an analysis is removed here. Refused with file_left: all is
        gone but the file, which nothing refers to any more; the next sweep takes it. The audit log keeps the analysis's number, which
        says nothing once the analysis is gone.
        """
        hashed = receipt_hash(receipt)
        with _failing_as("not_deleted", "The result could not be deleted. Please try again in a moment."):
            with self._sessions() as session:
                engine = cast(Engine, session.get_bind())
                if analysis_queries.analysis_by_receipt(session, hashed) is None:
                    raise unknown_receipt()
            delete_from_copies(engine, hashed, self._backups)
            with self._audit.transaction() as (session, tell):
                number = analysis_queries.delete_analysis(session, hashed)
                if number is None:  # another request came first
                    raise unknown_receipt()
                case_queries.delete_cases_without_items(session)
                stale = training_queries.delete_orphaned_items(session)
                files = analysis_queries.delete_unreferenced_media(session)
                tell(Event(Actor.VISITOR, Action.RECEIPT_DELETED, f"analysis:{number}"))
            empty_journal(engine)
            delete_from_copies(engine, hashed, self._backups)
        for notify in self._on_deleted:
            notify(receipt)
        if self._snapshots is not None:
            self._snapshots.remove(stale)
        if self._keeping is not None and not self._keeping.remove(files):
            raise Refused(
                "file_left",
                "The result is deleted. Its file could not be removed just now; the server tries again by itself.",
            )

    def ask_notice(self, receipt: str, wanted: bool) -> None:
        """Remember whether the receipt's page should tell of a moderators' decision; nothing about the visitor is kept.

        Whoever wants to know asks for one: a kept file becomes a case, if it is none yet.
        """
        with (
            _failing_as("not_saved", "Your wish could not be saved. Please try again in a moment."),
            self._sessions.begin() as session,
        ):
            analysis = analysis_queries.analysis_by_receipt(session, receipt_hash(receipt))
            if analysis is None:
                raise unknown_receipt()
            analysis.notify = wanted
        if wanted and self._asked is not None:
            self._asked(receipt_hash(receipt))


@contextmanager
def _failing_as(code: str, message: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, Unable) as error:
        logger.exception("a receipt could not be served: %s", code)
        raise Refused(code, message) from error


def _record(row: Analysis) -> dict[str, Any]:
    return {
        **result_of(row).to_json(),
        "created_at": row.created_at.isoformat(),
        "size": None if row.width is None else [row.width, row.height],
        "thresholds": None if (decision := decision_of(row)) is None else _thresholds(decision),
        "held": row.is_stable,
        "unstable_faces": [face.number for face in row.faces if face.is_stable is False],
        "feedback": [_said(feedback) for feedback in row.feedback],
        "later_scores": [_later(rescore) for rescore in row.rescores],
        "notify": row.notify,
        "media": _media(row),
    }


def _media(row: Analysis) -> dict[str, Any]:
    """`sha256` of the file as it was given; `fingerprints`: perceptual hashes in hex; `consent`: when and to which text, or None;
    `kept`: the file as it lies in the store, or None; `kept_since`.
    """
    consent, media = row.consent, None if row.consent is None else row.consent.media
    return {
        "sha256": row.media_sha256,
        "fingerprints": [f"{fingerprint_bits(found):016x}" for found in row.fingerprints],
        "consent": None
        if consent is None
        else {"given_at": consent.given_at.isoformat(), "text_version": consent.text_version},
        "kept_since": None if consent is None or media is None else consent.given_at.isoformat(),
        "kept": None
        if media is None
        else {"sha256": media.sha256, "bytes": media.bytes, "format": media.format},
    }


def _thresholds(decision: DecisionConfig) -> dict[str, float]:
    return {
        "temperature": decision.temperature,
        "real_below": decision.real_below,
        "fake_above": decision.fake_above,
    }


def _said(row: Feedback) -> dict[str, Any]:
    given = {tag.tag for tag in row.tags}
    return {
        "created_at": row.created_at.isoformat(),
        "face": row.subject,
        "vote": row.vote,
        "note": row.note,
        "tags": [str(tag) for tag in Tag if tag in given],
        "region": None if row.region is None else base64.b64encode(row.region.png).decode(),
    }


def _later(row: Rescore) -> dict[str, Any]:
    return {
        "created_at": row.created_at.isoformat(),
        "model": ModelInfo(row.model_name, row.model_version, row.model_sha256).to_json(),
        "fake_prob": round(row.fake_prob, 4),
        "verdict": row.verdict,
    }
