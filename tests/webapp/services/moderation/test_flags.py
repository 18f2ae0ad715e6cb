"""Flags of moderators, as admins see them."""

from __future__ import annotations

from sqlalchemy import select

from tests.webapp.services.conftest import Opens, refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Claim
from webapp.services.accounts import Person
from webapp.services.audit.log import AuditService
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.flags import FlagService
from webapp.services.moderation.labelling import LabelInput

FAKE, REAL, UNSURE = (
    LabelInput("fake", 3, "the seam", ("boundary",)),
    LabelInput("real", 2),
    LabelInput("cannot_tell", 1),
)


def test_flags_reach_the_admins(
    sessions: Sessions, claims: ClaimService, opens: Opens, people: list[Person]
) -> None:
    flags, case = FlagService(sessions, AuditService(sessions, None)), opens(0.5)
    assert refusal_code(flags.flag, people[1], case, "harmful") == "claim_lost"
    claims.take(people[1])
    assert refusal_code(flags.flag, people[1], case, "boring") == "invalid_flag"
    flags.flag(people[1], case, "harmful")
    found = flags.flags(people[0])
    assert [(flag.case, flag.concern, flag.by, flag.state) for flag in found] == [
        (case, "harmful", people[1].name, "open")
    ]
    assert refusal_code(flags.flags, people[1]) == "not_allowed"
    with sessions() as session:
        assert session.scalars(select(Claim)).all() == []
