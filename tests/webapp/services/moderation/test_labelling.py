from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.webapp.naughty import NOTES
from tests.webapp.services.conftest import Opens, refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Case, Decision, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Vote
from webapp.services.accounts import Person
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules

FAKE, REAL, UNSURE = LabelInput("fake", 3), LabelInput("real", 1), LabelInput("cannot_tell", 2)


@pytest.fixture
def say(claims: ClaimService, labelling: LabellingService) -> Callable[..., str]:
    """Return a function that claims a case, labels it blind, and confirms or changes the label."""

    def said(person: Person, case: str, blind: LabelInput, final: LabelInput | None = None) -> str:
        assert claims.take(person) == case
        labelling.submit_blind(person, case, blind)
        return labelling.submit_final(person, case, final)

    return said


def decision(sessions: Sessions) -> tuple[str, str] | None:
    with sessions() as session:
        found = session.scalars(select(Decision).where(Decision.undone_at.is_(None))).one_or_none()
        return None if found is None else (found.value, found.how)


def test_two_equal_labels_decide(
    sessions: Sessions, opens: Opens, people: list[Person], say: Callable[..., str]
) -> None:
    case = opens(0.7)
    assert say(people[1], case, FAKE) == CaseState.OPEN
    assert say(people[2], case, FAKE) == CaseState.DECIDED
    assert decision(sessions) == ("fake", "agreement")


def test_the_answer_is_revealed_after_the_blind_label(
    claims: ClaimService, labelling: LabellingService, opens: Opens, people: list[Person]
) -> None:
    case = opens(0.7, votes=(Vote.DISAGREE,))
    # All that a taker gets.
    assert claims.take(people[1]) == case
    assert refusal_code(labelling.submit_final, people[1], case) == "not_labelled"
    shown = labelling.submit_blind(people[1], case, REAL)
    assert (shown.fake_prob, shown.verdict) == (0.7, "inconclusive")
    assert shown.votes == {"agree": 0, "disagree": 1, "not_sure": 0}
    assert refusal_code(labelling.submit_blind, people[1], case, FAKE) == "labelled_already"


def test_both_labels_are_kept_and_the_last_one_counts(
    sessions: Sessions, opens: Opens, people: list[Person], say: Callable[..., str]
) -> None:
    case = opens(0.7)
    say(people[1], case, REAL, FAKE)
    say(people[2], case, FAKE)
    assert decision(sessions) == ("fake", "agreement")
    with sessions() as session:
        given = [
            (label.stage, label.value, label.model_sha256)
            for label in session.scalars(select(Label).order_by(Label.id))
        ]
    model = "f" * 64
    assert given == [
        ("blind", "real", None),
        ("final", "fake", model),
        ("blind", "fake", None),
        ("final", "fake", model),
    ]


def test_a_third_label_decides_by_majority(
    sessions: Sessions, opens: Opens, people: list[Person], say: Callable[..., str]
) -> None:
    case = opens(0.7)
    say(people[1], case, REAL)
    assert say(people[2], case, FAKE) == CaseState.OPEN
    assert decision(sessions) is None
    assert say(people[3], case, REAL) == CaseState.DECIDED
    assert decision(sessions) == ("real", "majority")


def test_three_different_labels_go_to_an_adjudicator(
    sessions: Sessions,
    claims: ClaimService,
    labelling: LabellingService,
    opens: Opens,
    people: list[Person],
    say: Callable[..., str],
) -> None:
    case = opens(0.7)
    assert refusal_code(labelling.adjudicate, people[0], case, FAKE) == "not_disputed"
    for person, opinion in zip(people[1:4], (REAL, FAKE, UNSURE), strict=True):
        state = say(person, case, opinion)
    assert state == CaseState.DISPUTED
    assert claims.take(people[4]) is None
    assert refusal_code(labelling.adjudicate, people[4], case, FAKE) == "not_allowed"
    labelling.adjudicate(people[0], case, LabelInput("fake", 2, "the seam at the chin", ("boundary",)))
    assert decision(sessions) == ("fake", "adjudication")


def test_an_admin_cannot_adjudicate_a_case_they_labelled(
    labelling: LabellingService, opens: Opens, people: list[Person], say: Callable[..., str]
) -> None:
    case = opens(0.7)
    # The admin labels too.
    for person, opinion in zip(people[:3], (REAL, FAKE, UNSURE), strict=True):
        say(person, case, opinion)
    assert refusal_code(labelling.adjudicate, people[0], case, FAKE) == "own_case"


def test_undo_withdraws_the_decision_and_reopens_the_case(
    sessions: Sessions,
    claims: ClaimService,
    labelling: LabellingService,
    opens: Opens,
    people: list[Person],
    say: Callable[..., str],
) -> None:
    case = opens(0.7)
    say(people[1], case, FAKE)
    say(people[2], case, FAKE)
    labelling.undo(people[2], case)
    assert decision(sessions) is None
    assert claims.take(people[2]) == case
    # It would not be blind.
    assert refusal_code(labelling.submit_blind, people[2], case, REAL) == "labelled_already"
    # And they disagree now.
    assert labelling.submit_final(people[2], case, REAL) == CaseState.OPEN
    with sessions() as session:
        # Nothing was edited or lost.
        assert len(session.scalars(select(Label)).all()) == 5
        assert session.scalars(select(Case)).one().wanted == 3
    with sessions.begin() as session:
        session.execute(update(Label).values(created_at=now() - timedelta(hours=1)))
    assert refusal_code(labelling.undo, people[1], case) == "too_late"
    assert refusal_code(labelling.undo, people[3], case) == "too_late"
    assert claims.take(people[3]) == case


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (LabelInput("fakey", 2), "invalid_label"),
        (LabelInput("fake", 0), "invalid_label"),
        (LabelInput("fake", 4), "invalid_label"),
        (LabelInput("fake", 2, tags=("nose",)), "invalid_tag"),
        (LabelInput("fake", 2, note="x" * 2001), "note_too_long"),
        (LabelInput("fake", 2, note="\x00"), "invalid_note"),
        (LabelInput("fake", 2, region=b"no png"), "invalid_region"),
    ],
)
def test_invalid_labels_are_refused_and_not_stored(
    sessions: Sessions,
    claims: ClaimService,
    labelling: LabellingService,
    opens: Opens,
    people: list[Person],
    said: LabelInput,
    code: str,
) -> None:
    case = opens(0.7)
    claims.take(people[1])
    assert refusal_code(labelling.submit_blind, people[1], case, said) == code
    with sessions() as session:
        assert session.scalars(select(Label)).all() == []


def test_people_without_session_or_claim_are_refused(
    labelling: LabellingService, claims: ClaimService, opens: Opens, people: list[Person]
) -> None:
    case = opens(0.7)
    calls: list[Callable[[Person | None], object]] = [
        claims.take,
        claims.release,
        lambda person: claims.renew(person, case),
        lambda person: labelling.submit_blind(person, case, FAKE),
        lambda person: labelling.submit_final(person, case),
        lambda person: labelling.undo(person, case),
        lambda person: labelling.adjudicate(person, case, FAKE),
    ]
    for call in calls:
        assert refusal_code(call, None) == "not_signed_in"
    # Without taking it.
    assert refusal_code(labelling.submit_blind, people[1], case, FAKE) == "claim_lost"


def test_notes_come_back_byte_for_byte(
    sessions: Sessions, claims: ClaimService, labelling: LabellingService, opens: Opens, people: list[Person]
) -> None:
    for note in NOTES:
        case = opens(0.7, rules=TriageRules(wanted=1))
        assert claims.take(people[1]) == case
        labelling.submit_blind(people[1], case, LabelInput("fake", 1, note))
        labelling.submit_final(people[1], case)
    with sessions() as session:
        assert [
            label.note
            for label in session.scalars(select(Label).where(Label.stage == "final").order_by(Label.id))
        ] == list(NOTES)
