"""Entries of the audit log and messages in the outbox for each action of a moderator."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from tests.webapp.services.conftest import Kept
from webapp.db.session import Sessions
from webapp.db.tables import AuditEntry, OutboxMessage
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage

pytestmark = pytest.mark.both_databases


def test_the_audit_log_holds_every_step_of_a_case(
    sessions: Sessions, audit: AuditService, kept: Kept, claims: ClaimService, people: list[Person]
) -> None:
    log = CaseEvents(audit, webhook=True)
    labelling = LabellingService(log)
    Triage(log, TriageRules(), draw=lambda: 1.0).process(receipt_hash(kept.add(0.5)))
    case = ""
    for person, value in zip(people[1:4], ("real", "fake", "cannot_tell"), strict=True):
        case = claims.take(person) or ""
        labelling.submit_blind(person, case, LabelInput(value, 2, "words of a moderator"))
        labelling.submit_final(person, case)
    labelling.adjudicate(people[0], case, LabelInput("fake", 3))
    labelling.undo(people[0], case)
    labelling.adjudicate(people[0], case, LabelInput("real", 3))
    with sessions() as session:
        entries = [
            entry
            for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.number))
            if entry.action.startswith("case")
        ]
        sent = [
            json.loads(message.body)
            for message in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        ]
    assert {entry.subject for entry in entries} == {f"case:{case}"}
    audited = [(entry.actor, entry.action, json.loads(entry.details).get("value")) for entry in entries]
    by = [f"user:{person.id}" for person in people[:4]]
    assert audited == [
        ("system", "case_opened", None),
        *(
            (by[n], "case_labelled", value)
            for n, value in ((1, "real"), (2, "fake"), (3, "cannot_tell"))
            for _ in range(2)
        ),
        (by[0], "case_adjudicated", "fake"),
        ("system", "case_decided", "fake"),
        (by[0], "case_undone", None),
        (by[0], "case_adjudicated", "real"),
        ("system", "case_decided", "real"),
    ]
    assert "words of a moderator" not in "".join(entry.details for entry in entries)
    assert audit.verify().head.number >= len(entries)
    assert [message["event"] for message in sent] == [
        "case_opened",
        "case_decided",
        "case_undone",
        "case_decided",
    ]
    assert all(
        message["case"] == case and "label" not in message and "actor" not in message for message in sent
    )
