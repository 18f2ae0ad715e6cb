from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from tests.webapp.services.conftest import Opens, picture, refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Case, CaseItem, Claim
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Reason, Vote
from webapp.domain.errors import Refused
from webapp.domain.ids import new_id
from webapp.services.accounts import Person
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules

FAKE = LabelInput("fake", 2)


def test_disputed_and_uncertain_cases_come_first(
    claims: ClaimService, opens: Opens, people: list[Person]
) -> None:
    sure, unsure = opens(0.99), opens(0.5)
    disputed = opens(0.5, votes=(Vote.AGREE, Vote.DISAGREE), reason=Reason.DISAGREEMENT)
    order = [claims.take(person) for person in people[:3]]
    # Two labels are wanted of each.
    assert order == [disputed, disputed, unsure]
    # Still.
    assert claims.take(people[0]) == disputed
    assert claims.take(people[3]) == unsure
    assert claims.take(people[4]) == sure


def test_skipping_releases_the_claim(claims: ClaimService, opens: Opens, people: list[Person]) -> None:
    first, second = (
        opens(0.5, rules=TriageRules(wanted=1)),
        opens(0.4, rules=TriageRules(wanted=1)),
    )
    assert claims.take(people[1]) == first
    assert claims.take(people[2]) == second
    assert claims.take(people[3]) is None
    claims.release(people[1])
    assert claims.take(people[1], skipped=[first]) is None
    assert claims.take(people[3]) == first
    # Who holds nothing.
    claims.release(people[4])


def test_a_claim_expires_unless_it_is_renewed(
    sessions: Sessions, claims: ClaimService, labelling: LabellingService, opens: Opens, people: list[Person]
) -> None:
    case = opens(0.5, rules=TriageRules(wanted=1))
    assert claims.take(people[1]) == case
    assert claims.renew(people[1], case) > now() + timedelta(minutes=9)
    with sessions.begin() as session:
        session.execute(update(Claim).values(until=now()))
    for call in (
        lambda: claims.renew(people[1], case),
        lambda: labelling.submit_blind(people[1], case, FAKE),
    ):
        with pytest.raises(Refused) as refusal:
            call()
        assert refusal.value.code == "claim_lost"
    assert claims.take(people[2]) == case
    with pytest.raises(Refused):
        claims.renew(people[1], case)


def test_who_lost_a_claim_after_the_first_label_may_say_the_last_word(
    sessions: Sessions, claims: ClaimService, labelling: LabellingService, opens: Opens, people: list[Person]
) -> None:
    case = opens(0.5, rules=TriageRules(wanted=1))
    claims.take(people[1])
    labelling.submit_blind(people[1], case, FAKE)
    with sessions.begin() as session:
        session.execute(update(Claim).values(until=now()))
    assert claims.take(people[1]) == case
    assert labelling.submit_final(people[1], case) == CaseState.DECIDED


def patiently(take: Callable[[], str | None]) -> str | None:
    """Ask again as the desk does, because other moderators may have claimed all remaining cases."""
    for pause in (0.05, 0.2, 0.5, 0):
        if (case := take()) is not None:
            return case
        time.sleep(pause)
    return None


@pytest.mark.both_databases
def test_fifty_moderators_never_claim_a_slot_twice(
    sessions: Sessions, claims: ClaimService, labelling: LabellingService, opens: Opens, people: list[Person]
) -> None:
    """Fifty moderators label two hundred cases that want two labels each; every tenth crashes once."""
    cases = [opens(0.5) for _ in range(200)]

    def work(person: Person) -> list[str]:
        done: list[str] = []
        while (case := patiently(lambda: claims.take(person))) is not None:
            # Gone without a word: the hold runs out.
            if not done and person.id % 10 == 0:
                with sessions.begin() as session:
                    session.execute(update(Claim).where(Claim.account_id == person.id).values(until=now()))
                done.append("")
                continue
            labelling.submit_blind(person, case, FAKE)
            labelling.submit_final(person, case)
            done.append(case)
        return done

    with ThreadPoolExecutor(50) as pool:
        worked = [case for done in pool.map(work, people[1:51]) for case in done if case]
    assert Counter(worked) == Counter(dict.fromkeys(cases, 2))
    with sessions() as session:
        assert set(session.scalars(select(Case.state))) == {"decided"}
        assert session.scalars(select(Claim)).all() == []


def test_a_claim_is_fast_among_ten_thousand_cases(
    sessions: Sessions, claims: ClaimService, people: list[Person]
) -> None:
    with sessions.begin() as session:
        analysis = picture(0.5)
        session.add(analysis)
        session.flush()
        rows = [
            {"public_id": new_id(), "opened_at": now(), "state": "open", "wanted": 2, "rank": float(number)}
            for number in range(10_000)
        ]
        ids = session.scalars(insert(Case).returning(Case.id), rows).all()
        items = [
            {
                "case_id": number,
                "analysis_id": analysis.id,
                "subject": place,
                "reason": "audit",
                "created_at": now(),
            }
            for place, number in enumerate(ids)
        ]
        session.execute(insert(CaseItem), items)
    times = []
    for person in people[1:41]:
        began = time.monotonic()
        assert claims.take(person)
        times.append(time.monotonic() - began)
    assert statistics.median(times) < 0.3


def test_a_waiting_case_can_be_claimed_by_its_id(
    sessions: Sessions, claims: ClaimService, labelling: LabellingService, opens: Opens, people: list[Person]
) -> None:
    first, second = (
        opens(0.5, rules=TriageRules(wanted=1)),
        opens(0.4, rules=TriageRules(wanted=1)),
    )
    claims.take(people[1])
    assert refusal_code(claims.take_case, people[2], first) == "not_waiting"
    claims.take_case(people[1], second)
    with sessions() as session:
        assert [claim.case.public_id for claim in session.scalars(select(Claim))] == [second]
    claims.take_case(people[1], second)
    assert refusal_code(claims.take_case, people[1], "0" * 32) == "not_waiting"
    # The claim survives a refused one.
    assert claims.take(people[1]) == second
    with sessions.begin() as session:
        session.execute(update(Claim).values(until=now() - timedelta(seconds=1)))
    claims.take_case(people[2], second)
    labelling.submit_blind(people[2], second, FAKE)
    assert labelling.submit_final(people[2], second) == "decided"
    assert refusal_code(claims.take_case, people[1], second) == "not_waiting"
