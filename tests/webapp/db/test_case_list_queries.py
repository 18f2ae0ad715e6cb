"""Tests of the list of cases: filters, order and pages. `test_case_list` covers what a moderator may know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from webapp.db import case_list_queries as queries
from webapp.db.case_list_queries import CaseFilter, ListedCase, Page, Position
from webapp.db.case_visibility import Viewer
from webapp.db.session import Sessions
from webapp.db.tables import Account, Case, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Role
from webapp.domain.ids import new_id

pytestmark = pytest.mark.both_databases
DAY = timedelta(days=1)


def numbers(listed: list[ListedCase]) -> list[str]:
    """Return the versions of the models, by which this test numbers its cases."""
    return [one.case.model_version or "" for one in listed]


@pytest.fixture
def moment() -> datetime:
    return now()


@pytest.fixture
def session(sessions: Sessions, moment: datetime) -> Iterator[Session]:
    """Yield a session with six settled cases, opened one a day; two of them at the same time.

    Mia labelled cases 1 and 2: case 1 blind as real and finally as fake, case 2 blind as real.
    """
    with sessions() as session:
        session.add_all(
            [Account(name=name, role=Role.MODERATOR, created_at=moment) for name in ("mia", "noah")]
        )
        for number in range(6):
            case = Case(
                public_id=new_id(),
                opened_at=moment - max(number, 1) * DAY,
                state=CaseState.DECIDED,
                wanted=2,
                rank=0.0,
                kind="video" if number == 3 else "image",
                reason="audit" if number % 2 else "report",
                verdict=("real", "fake", "inconclusive")[number % 3],
                model_version=str(number),
                has_conflict=number == 4,
                decided_at=moment - DAY,
                decided_value="fake" if number < 2 else "real",
            )
            session.add(case)
            session.flush()
            stages = {1: (("blind", "real"), ("final", "fake")), 2: (("blind", "real"),)}.get(number, ())
            for stage, value in stages:
                session.add(
                    Label(
                        case_id=case.id,
                        account_id=queries.account_id_of(session, "mia"),
                        stage=stage,
                        value=value,
                        confidence=1,
                        created_at=moment - (3 - number) * DAY,
                        seconds=1.0,
                    )
                )
        session.flush()
        yield session


@pytest.fixture
def viewer(session: Session, moment: datetime) -> Viewer:
    account_id = queries.account_id_of(session, "mia")
    assert account_id is not None
    return Viewer(account_id, is_admin=False, settled_before=moment)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CaseFilter(), "012345"),
        (CaseFilter(state="decided"), "012345"),
        (CaseFilter(state="open"), ""),
        (CaseFilter(kind="video"), "3"),
        (CaseFilter(verdict="fake"), "14"),
        (CaseFilter(reason="audit"), "135"),
        (CaseFilter(has_conflict=True), "4"),
        (CaseFilter(has_conflict=False, reason="report"), "02"),
        (CaseFilter(model_version="2"), "2"),
        (CaseFilter(decision="fake"), "01"),
        (CaseFilter(label="fake"), "1"),
        (CaseFilter(label="real"), ""),
    ],
)
def test_filters(session: Session, viewer: Viewer, wanted: CaseFilter, found: str) -> None:
    assert "".join(sorted(numbers(queries.all_cases(session, viewer, wanted, Page(9))))) == found


def test_filters_by_author_and_age(session: Session, viewer: Viewer, moment: datetime) -> None:
    noah = queries.account_id_of(session, "noah")
    everything = Page(9)
    by_mia = queries.all_cases(session, viewer, CaseFilter(moderator_id=viewer.account_id), everything)
    assert numbers(by_mia) == ["1"]
    assert queries.all_cases(session, viewer, CaseFilter(moderator_id=noah), everything) == []
    days_two_and_three = CaseFilter(since=moment - 3 * DAY, before=moment - DAY)
    assert numbers(queries.all_cases(session, viewer, days_two_and_three, everything)) == ["2", "3"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_join_without_gap_or_repetition(session: Session, viewer: Viewer, newest_first: bool) -> None:
    whole = queries.all_cases(session, viewer, CaseFilter(), Page(9, newest_first=newest_first))
    assert [one.time for one in whole] == sorted((one.time for one in whole), reverse=newest_first)
    joined: list[ListedCase] = []
    after = None
    while part := queries.all_cases(session, viewer, CaseFilter(), Page(2, after, newest_first)):
        joined += part
        after = Position(part[-1].time, part[-1].case.public_id)
    assert numbers(joined) == numbers(whole)
    assert len(joined) == 6


def test_own_cases_are_sorted_by_the_first_label(session: Session, viewer: Viewer, moment: datetime) -> None:
    own = queries.own_cases(session, viewer, CaseFilter(), Page(9))
    assert [(one.case.model_version, moment - one.time) for one in own] == [("2", DAY), ("1", 2 * DAY)]
    after = Position(own[0].time, own[0].case.public_id)
    assert numbers(queries.own_cases(session, viewer, CaseFilter(), Page(9, after))) == ["1"]
    # The final label counts; without one the blind label.
    for value, found in (("fake", ["1"]), ("real", ["2"])):
        assert numbers(queries.own_cases(session, viewer, CaseFilter(label=value), Page(9))) == found
    recent = CaseFilter(since=moment - 1.5 * DAY)
    assert numbers(queries.own_cases(session, viewer, recent, Page(9))) == ["2"]
    labels = queries.own_labels(session, viewer.account_id, [one.case.id for one in own])
    assert sorted([label.value for label in of_case] for of_case in labels.values()) == [
        ["real"],
        ["real", "fake"],
    ]


def test_choices_are_those_of_cases(session: Session) -> None:
    assert queries.model_versions(session) == ["0", "1", "2", "3", "4", "5"]
    assert queries.moderator_names(session) == ["mia"]
