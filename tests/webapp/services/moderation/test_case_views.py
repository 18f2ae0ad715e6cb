"""Cases as moderators and admins see them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.webapp.services.conftest import Opens, refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Case
from webapp.domain.enums import Vote
from webapp.media.masks import mask_of_runs
from webapp.services.accounts import Person
from webapp.services.moderation.case_views import CaseViewService, RegionView
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService

FAKE, REAL, UNSURE = (
    LabelInput("fake", 3, "the seam", ("boundary",)),
    LabelInput("real", 2),
    LabelInput("cannot_tell", 1),
)


@pytest.fixture
def case_views(sessions: Sessions) -> CaseViewService:
    return CaseViewService(sessions)


def test_a_blind_view_holds_no_opinion_and_the_answer_follows_the_label(
    case_views: CaseViewService,
    claims: ClaimService,
    labelling: LabellingService,
    opens: Opens,
    people: list[Person],
) -> None:
    case = opens(0.7, votes=(Vote.DISAGREE, Vote.AGREE))
    assert refusal_code(case_views.claimed_case, people[1], case) == "claim_lost"
    claims.take(people[1])
    seen = case_views.claimed_case(people[1], case).model_dump(mode="json")
    assert set(seen) == {"id", "kind", "format", "subject", "spots", "size", "labelled", "until"}
    assert not any(word in str(seen) for word in ("0.7", "inconclusive", "disagree", "fffff"))
    assert refusal_code(case_views.model_answer, people[1], case) == "not_labelled"
    assert refusal_code(case_views.model_answer, people[2], case) == "not_labelled"
    labelling.submit_blind(people[1], case, FAKE)
    answer = case_views.model_answer(people[1], case)
    assert (answer.fake_prob, answer.verdict, answer.model) == (0.7, "inconclusive", "m 1")
    # One visitor's last word.
    assert answer.votes["agree"] + answer.votes["disagree"] == 1
    assert case_views.claimed_case(people[1], case).labelled
    own = case_views.own_label(people[1], case)
    assert own is not None
    assert (own.value, own.note, own.tags) == ("fake", "the seam", ("boundary",))
    assert refusal_code(case_views.model_answer, people[2], case) == "not_labelled"


def test_an_adjudicator_sees_arguments_without_names(
    case_views: CaseViewService,
    claims: ClaimService,
    labelling: LabellingService,
    opens: Opens,
    people: list[Person],
) -> None:
    case, admin = opens(0.5), people[0]
    assert case_views.next_dispute(admin) is None
    region = mask_of_runs(4, 2, [1, 2, 5])
    for person, said in zip(people[1:4], (replace(FAKE, region=region), REAL, UNSURE), strict=True):
        claims.take(person)
        labelling.submit_blind(person, case, said)
        labelling.submit_final(person, case)
    assert case_views.queue_counts(admin).disputed == 1
    assert case_views.queue_counts(people[1]).model_dump() == {"waiting": 0, "today": 1, "disputed": 0}
    assert case_views.next_dispute(admin) == case
    assert case_views.next_dispute(admin, [case]) is None
    _, labels = case_views.dispute(admin, case)
    assert [label.moderator for label in labels] == [1, 1, 2, 2, 3, 3]
    assert labels[0].region == RegionView(width=4, height=2, time=None, runs=[1, 2, 5])
    assert "moderator" not in str([label.note for label in labels])
    assert refusal_code(case_views.dispute, people[1], case) == "not_allowed"
    labelling.adjudicate(admin, case, REAL)
    assert case_views.queue_counts(admin).model_dump() == {"waiting": 0, "today": 1, "disputed": 0}
    assert refusal_code(case_views.dispute, admin, case) == "not_disputed"
    labelling.undo(admin, case)
    assert case_views.queue_counts(admin).today == 0
    assert case_views.next_dispute(admin) == case


def test_the_prefetched_case_is_the_next_claim(
    case_views: CaseViewService,
    claims: ClaimService,
    labelling: LabellingService,
    opens: Opens,
    people: list[Person],
) -> None:
    first, second = opens(0.5), opens(0.4)
    assert case_views.queue_counts(people[1]).waiting == 2
    assert claims.take(people[1]) == first
    following = case_views.next_case(people[1], [first])
    assert following is not None
    assert following.id == second
    assert case_views.next_case(people[1], [first, second]) is None
    labelling.submit_blind(people[1], first, FAKE)
    labelling.submit_final(people[1], first)
    assert claims.take(people[1]) == second
    assert case_views.queue_counts(people[1]).model_dump() == {"waiting": 1, "today": 1, "disputed": 0}


def test_a_case_without_results_is_not_claimed(
    sessions: Sessions, claims: ClaimService, opens: Opens, people: list[Person]
) -> None:
    case = opens(0.5)
    with sessions.begin() as session:
        session.delete(session.scalars(select(Case).where(Case.public_id == case)).one())
    assert claims.take(people[1]) is None
