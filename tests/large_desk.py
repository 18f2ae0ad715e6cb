"""A desk with very many cases, written in bulk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from webapp.db import case_summaries
from webapp.db.session import Sessions
from webapp.db.tables import (
    Account,
    Analysis,
    Case,
    CaseItem,
    Consent,
    Decision,
    Fingerprint,
    Label,
    Media,
)
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Reason, Role

MODERATORS = tuple(f"moderator-{number:02}" for number in range(10))
VERDICTS = ("real", "fake", "inconclusive")
VALUES = ("real", "fake", "cannot_tell", "unusable")
# Shares of cases: open without a label, open with one, disputed; all others are decided.
_OPEN, _HALF, _DISPUTED = 0.25, 0.05, 0.01
_ROWS = 5_000


@dataclass(frozen=True)
class LargeDesk:
    """`admin` and `moderator` are ids of accounts; the admin labelled nothing."""

    admin: int
    moderator: int
    cases: int


def build_large_desk(sessions: Sessions, *, cases: int, seed: int = 7) -> LargeDesk:
    """Write accounts, cases, labels and decisions of two years, and their summaries."""
    rng = random.Random(seed)
    with sessions.begin() as session:
        accounts = [_account("admin", Role.ADMIN), *(_account(name, Role.MODERATOR) for name in MODERATORS)]
        session.add_all(accounts)
        session.flush()
        admin, *moderators = [account.id for account in accounts]
        for start in range(0, cases, _ROWS):
            numbers = range(start + 1, min(start + _ROWS, cases) + 1)
            _write(session, [_PlannedCase(number, cases, rng, moderators) for number in numbers])
        if session.get_bind().dialect.name == "postgresql":
            # The server does this by itself, but not within a transaction.
            session.execute(text("ANALYZE"))
        case_summaries.refresh_all(session)
    return LargeDesk(admin, moderators[0], cases)


def file_hash(number: int) -> str:
    """Return the sha256 of the file of a case, by the number of the case from 1."""
    return f"{number:064x}"


class _PlannedCase:
    """Rows of one case, all with the id `number`."""

    def __init__(self, number: int, cases: int, rng: random.Random, moderators: list[int]) -> None:
        self.number = number
        self.rng = rng
        self.moderators = moderators
        self.opened_at = now() - timedelta(days=730 * (1 - number / cases), hours=3)
        share = rng.random()
        self.state = CaseState.DECIDED
        self.votes = 2
        if share < _OPEN + _HALF:
            self.state, self.votes = CaseState.OPEN, int(share >= _OPEN)
        elif share < _OPEN + _HALF + _DISPUTED:
            self.state, self.votes = CaseState.DISPUTED, 3
        self.fake_prob = rng.random()
        self.verdict = VERDICTS[min(int(self.fake_prob * 3), 2)]

    def analysis(self) -> dict[str, Any]:
        digest = file_hash(self.number)
        return {
            "id": self.number,
            "receipt_hash": digest,
            "report_number": digest[-32:],
            "created_at": self.opened_at,
            "media_sha256": digest,
            "kind": "image",
            "outcome": "verdict",
            "verdict": self.verdict,
            "fake_prob": self.fake_prob,
            "seconds": 1.0,
            "model_name": "laanet-lite",
            "model_version": f"1.{self.number * 12 // 100_001}",
            "model_sha256": "0" * 64,
            "conflict": "camera_but_fake" if self.rng.random() < 0.01 else None,
        }

    def media(self) -> dict[str, Any]:
        name = f"{self.number:032x}"
        file = {"kind": "image", "format": "jpeg", "bytes": 1, "created_at": self.opened_at}
        return {"id": self.number, "sha256": f"f{file_hash(self.number)[1:]}", "name": name, **file}

    def consent(self) -> dict[str, Any]:
        kept = {"given_at": self.opened_at, "text_version": "1", "media_id": self.number}
        return {"analysis_id": self.number, **kept}

    def fingerprint(self) -> dict[str, Any]:
        bands = {f"band_{band}": self.rng.randrange(65_536) for band in (1, 2, 3, 4)}
        return {"analysis_id": self.number, "number": 0, **bands}

    def case(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "public_id": f"{self.rng.getrandbits(128):032x}",
            "opened_at": self.opened_at,
            "state": self.state,
            "wanted": 2,
            "rank": self.rng.random(),
        }

    def item(self) -> dict[str, Any]:
        return {
            "case_id": self.number,
            "analysis_id": self.number,
            "subject": 0,
            "reason": self.rng.choice(list(Reason)),
            "created_at": self.opened_at,
            "fake_prob": self.fake_prob,
        }

    def labels(self) -> Iterator[dict[str, Any]]:
        for place, account in enumerate(self.rng.sample(self.moderators, self.votes)):
            for stage in ("blind", "final"):
                yield {
                    "case_id": self.number,
                    "account_id": account,
                    "stage": stage,
                    "value": VALUES[(self.number + place * (self.state == CaseState.DISPUTED)) % 4],
                    "confidence": 2,
                    "note": "",
                    "created_at": self._labelled_at,
                    "seconds": 9.0,
                }

    def decisions(self) -> Iterator[dict[str, Any]]:
        if self.state == CaseState.DECIDED:
            value = VALUES[self.number % 4]
            decided = {"decided_at": self._labelled_at, "how": "agreement"}
            yield {"case_id": self.number, "value": value, **decided}

    @property
    def _labelled_at(self) -> datetime:
        return self.opened_at + timedelta(hours=2)


def _account(name: str, role: Role) -> Account:
    return Account(name=name, role=role, created_at=now())


def _write(session: Session, plan: list[_PlannedCase]) -> None:
    session.execute(insert(Analysis), [case.analysis() for case in plan])
    session.execute(insert(Media), [case.media() for case in plan])
    session.execute(insert(Consent), [case.consent() for case in plan])
    session.execute(insert(Fingerprint), [case.fingerprint() for case in plan])
    session.execute(insert(Case), [case.case() for case in plan])
    session.execute(insert(CaseItem), [case.item() for case in plan])
    labels = [row for case in plan for row in case.labels()]
    decisions = [row for case in plan for row in case.decisions()]
    if labels:
        session.execute(insert(Label), labels)
    if decisions:
        session.execute(insert(Decision), decisions)
