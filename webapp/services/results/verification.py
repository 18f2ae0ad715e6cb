"""Verification of reports: signature, analysed file, and what this site knows of the result today."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, cast

from pydantic import Field

from laanet_core.documents import Document, FileProvenanceDocument, ModelDocument, Probability
from laanet_core.results import Conflict, Kind, Outcome, Verdict
from webapp.db import analysis_queries
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.domain.errors import Refused
from webapp.security.signing_keys import InvalidKeys, KeyStatus, PublicKeys
from webapp.services.analysis_records.rows import provenance_of
from webapp.services.moderation.decision_rule import UNDO_PERIOD
from webapp.services.reports.document import ReportStatement
from webapp.services.reports.verification import Finding, ReportCheck, check_report
from webapp.services.results.documents import DecisionDocument, IsoTime, LaterScore
from webapp.services.results.moderation_outcome import moderation_outcome
from webapp.services.results.receipts import database_errors, later_score

# Form of `webapp.security.tokens.report_number`.
_NUMBER = re.compile(r"[0-9a-f]{32}")


class KeyDocument(Document):
    """Key that a report names."""

    kid: str = Field(description="thumbprint (RFC 7638)")
    status: KeyStatus | Literal["unknown"]
    until: IsoTime | None = Field(description="time of the rotation or revocation; null for a current key")


class ComparedMedia(Document):
    """File that was sent with the report."""

    sha256: str
    matches: bool = Field(description="it is the file of the report, byte for byte")


class RecordedResult(Document):
    """Result as this site has stored it."""

    created_at: IsoTime
    media_sha256: str
    kind: Kind
    outcome: Outcome
    verdict: Verdict | None
    shown_verdict: Verdict | None = Field(description="verdict after the stability check")
    fake_prob: Probability | None
    model: ModelDocument
    provenance: FileProvenanceDocument | None = Field(
        description="what the file says about its own origin; null if it was not read"
    )
    conflict: Conflict | None = Field(description="contradiction with it")


class LaterFindings(Document):
    """Opinions of later models and of moderators on the file."""

    scores: list[LaterScore]
    decision: DecisionDocument | None
    waiting: list[int] = Field(description="faces that moderators have still to decide on")


class ResultState(Document):
    """State of a result today, by the number of its reports. It has no vote, no consent and no receipt."""

    report_id: str
    stands: bool = Field(description="the result is stored; false: it was deleted, or never existed")
    result: RecordedResult | None
    later: LaterFindings | None


class VerifiedReport(Document):
    """Answer to a report: its authenticity, the file, and the state of the result today."""

    authentic: bool = Field(description="signed by a valid key of this site, and unchanged")
    finding: Finding
    from_this_site: bool = Field(description="the signature is good, and its key is this site's")
    key: KeyDocument | None = Field(description="null without a signature")
    report: ReportStatement | None = Field(description="facts of an authentic report")
    media: ComparedMedia | None = Field(description="null without a file, and if the report is not authentic")
    receipt: Literal["stands", "gone", "not_stored", "unknown"] = Field(
        description="whether the result still exists; `not_stored`: it was never stored; "
        "`unknown`: the report is not authentic, or the answer was given offline"
    )
    later: LaterFindings | None = Field(description="null unless the result still exists")


class VerificationService:
    """Answers anyone who has a report. Every method raises Refused: unavailable, no_report_keys."""

    def __init__(
        self, sessions: Sessions, keys: Callable[[], PublicKeys], *, undo_period: timedelta = UNDO_PERIOD
    ) -> None:
        """`undo_period`: time for which a decision may be undone and is not shown."""
        self._sessions = sessions
        self._keys = keys
        self._undo_period = undo_period

    def verify(self, report: bytes, media_sha256: str | None = None) -> VerifiedReport:
        """Check a report and look its result up. `media_sha256` is that of the file to compare."""
        answer = offline_verification(check_report(report, self.public_keys()), media_sha256)
        number = None if answer.report is None or answer.report.report is None else answer.report.report.id
        if not answer.authentic:
            return answer
        if number is None:
            return answer.model_copy(update={"receipt": "not_stored"})
        state = self.state(number)
        return answer.model_copy(
            update={"receipt": "stands" if state.stands else "gone", "later": state.later}
        )

    def state(self, number: str) -> ResultState:
        """Return the state of the result whose reports have this number, whatever the number looks like."""
        if not _NUMBER.fullmatch(number):
            return ResultState(report_id=number, stands=False, result=None, later=None)
        with (
            database_errors(
                "unavailable", "The result cannot be read just now. Please try again in a moment."
            ),
            self._sessions() as session,
        ):
            row = analysis_queries.analysis_by_report(session, number)
            if row is None:
                return ResultState(report_id=number, stands=False, result=None, later=None)
            outcome = moderation_outcome(session, row, self._undo_period)
            later = LaterFindings(
                scores=[later_score(rescore) for rescore in row.rescores],
                decision=outcome.decision,
                waiting=outcome.waiting,
            )
            return ResultState(report_id=number, stands=True, result=_recorded(row), later=later)

    def public_keys(self) -> PublicKeys:
        """Return the keys that this site publishes."""
        try:
            return self._keys()
        except (InvalidKeys, OSError) as error:
            raise Refused(
                "no_report_keys", "The keys of reports cannot be read just now. Please try again in a moment."
            ) from error


def offline_verification(check: ReportCheck, media_sha256: str | None = None) -> VerifiedReport:
    """Return the answer that needs no database."""
    statement = check.statement
    media = None
    if statement is not None and media_sha256 is not None:
        media = ComparedMedia(sha256=media_sha256, matches=media_sha256 == statement.media.sha256)
    return VerifiedReport(
        authentic=check.is_authentic,
        finding=check.finding,
        from_this_site=check.finding in ("authentic", "revoked_key"),
        key=_key_document(check),
        report=statement,
        media=media,
        receipt="unknown",
        later=None,
    )


def _key_document(check: ReportCheck) -> KeyDocument | None:
    if check.key is None:
        return KeyDocument(kid=check.kid, status="unknown", until=None) if check.kid else None
    until: datetime | None = check.key.revoked or check.key.retired
    return KeyDocument(kid=check.key.kid, status=check.key.status, until=until)


def _recorded(row: Analysis) -> RecordedResult:
    verdict = cast(Verdict | None, row.verdict)
    provenance = provenance_of(row)
    return RecordedResult(
        created_at=row.created_at,
        media_sha256=row.media_sha256,
        kind=cast(Kind, row.kind),
        outcome=cast(Outcome, row.outcome),
        verdict=verdict,
        shown_verdict="inconclusive" if row.is_stable is False else verdict,
        fake_prob=None if row.fake_prob is None else round(row.fake_prob, 4),
        model=ModelDocument(name=row.model_name, version=row.model_version, sha256=row.model_sha256),
        provenance=None if provenance is None else FileProvenanceDocument.from_result(provenance),
        conflict=cast(Conflict | None, row.conflict),
    )
