from __future__ import annotations

from sqlalchemy import select

from tests.synthetic_uploads import SyntheticUploads
from webapp.db.session import Sessions
from webapp.db.tables import Case, Label
from webapp.domain.enums import CaseState, LabelValue, Stage


def test_uploads_become_cases_that_the_moderators_decide(
    uploads: SyntheticUploads, sessions: Sessions
) -> None:
    faces = uploads.faces(2, 1)
    decided = uploads.users.upload_and_decide(faces)
    assert list(decided.values()) == faces
    with sessions() as session:
        cases = {case.public_id: case for case in session.scalars(select(Case))}
        assert cases.keys() == decided.keys()
        for public_id, upload in decided.items():
            case = cases[public_id]
            assert case.state == CaseState.DECIDED
            assert [decision.value for decision in case.decisions] == [upload.label]
        final = session.scalars(select(Label).where(Label.stage == Stage.FINAL)).all()
        assert sorted(label.value for label in final) == sorted(upload.label for upload in faces)


def test_only_known_cases_are_labelled(uploads: SyntheticUploads) -> None:
    (known, unknown) = uploads.faces(2, 0)
    case = uploads.users.upload(known.path).case
    uploads.users.upload(unknown.path)
    assert case is not None
    # One moderator gives one label, and releases the case that is not in the script.
    assert uploads.users.decide({case: known}) == 1
    assert uploads.users.decide({case: known}) == 0
    assert known.label == LabelValue.REAL
