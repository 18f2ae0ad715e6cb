"""The report on label quality, from labels of the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.webapp.services.conftest import Opens
from webapp.db.session import Sessions
from webapp.db.tables import Label
from webapp.domain.clock import now
from webapp.domain.errors import Refused
from webapp.services.accounts import Person
from webapp.services.label_quality.report import Proportion
from webapp.services.label_quality.service import LabelQualityService
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService

pytestmark = pytest.mark.both_databases
Says = Callable[..., str]


@pytest.fixture
def says(claims: ClaimService, labelling: LabellingService) -> Says:
    """Return a function that labels the next case blind, then finally; it returns the case's state."""

    def label(person: Person, blind: str, final: str | None = None, service: ClaimService = claims) -> str:
        case = service.take(person)
        assert case is not None
        labelling.submit_blind(person, case, LabelInput(blind, 2))
        return labelling.submit_final(person, case, None if final is None else LabelInput(final, 2))

    return label


def test_statistics_match_hand_worked_ones(
    sessions: Sessions, opens: Opens, people: list[Person], says: Says
) -> None:
    """Two cases agreed at once, one after the second moderator switched, and one waits for a third label."""
    one, two, *_ = people[1:]
    for blind, other, final in (
        ("fake", "fake", None),
        ("real", "real", None),
        ("fake", "real", "fake"),
        ("fake", "real", None),
    ):
        opens(0.5)
        says(one, blind)
        says(two, other, final)
    with sessions.begin() as session:
        session.execute(update(Label).values(seconds=Label.id * 10.0))
        first = session.scalars(select(Label.case_id).limit(1)).one()
        session.execute(
            update(Label).where(Label.case_id == first).values(created_at=now() - timedelta(days=40))
        )
    found = LabelQualityService(sessions).report(people[0])
    assert found.agreement.cases == 4
    # two of four pairs disagree, and four of eight labels are fake: 1 - 7 x 4 / (2 x 4 x 4)
    assert found.agreement.alpha == pytest.approx(1 - 7 * 4 / 32)
    assert found.agreement.interval is not None
    assert found.agreement.interval.low <= found.agreement.alpha <= found.agreement.interval.high
    assert [month.cases for month in found.months] == [1, 3]
    first_one, second = found.people
    assert (first_one.name, first_one.cases, first_one.decided_alike, first_one.switched) == (
        one.name,
        4,
        Proportion(3, 3),
        Proportion(0, 4),
    )
    assert (second.decided_alike, second.switched) == (Proportion(2, 3), Proportion(1, 4))
    assert (found.switched, first_one.gold_right) == (Proportion(1, 8), Proportion(0, 0))
    # The moderator's final labels are numbers 2, 6, 10 and 14, in tens of seconds.
    assert first_one.median_seconds == pytest.approx(80)
    # The admin may still have to label the open case.
    assert found.suggestions == {}
    says(people[3], "cannot_tell")
    (suggested,) = LabelQualityService(sessions).report(people[0]).suggestions.values()
    assert set(suggested) == {"fake", "real", "cannot_tell"}
    for stranger, code in ((None, "not_signed_in"), (one, "not_allowed")):
        with pytest.raises(Refused) as refusal:
            LabelQualityService(sessions).report(stranger)
        assert refusal.value.code == code


def test_no_labels_give_an_empty_report(sessions: Sessions, people: list[Person]) -> None:
    found = LabelQualityService(sessions).report(people[0])
    assert (found.agreement.alpha, found.months, found.people, found.heatmaps, found.median_seconds) == (
        None,
        (),
        (),
        (),
        None,
    )
