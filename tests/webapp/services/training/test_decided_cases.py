from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from tests.synthetic_uploads import BOX, SyntheticUploads
from tests.webapp.services.training.test_snapshots import mask
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Face
from webapp.domain.clock import now
from webapp.services.training.decided_cases import read_decided_cases

REGION = mask((20, 20, 45, 40))


def test_a_case_has_its_decision_faces_and_painted_regions(
    uploads: SyntheticUploads, sessions: Sessions
) -> None:
    uploads.users.upload_and_decide(uploads.faces(1, 1, region=REGION))
    with sessions() as session:
        source = read_decided_cases(session, now())
    real, fake = sorted(source.cases, key=lambda case: case.label, reverse=True)
    assert (real.label, fake.label) == ("real", "fake")
    assert [face.box for face in real.faces] == [BOX]
    assert [face.time for face in fake.faces] == [None]
    assert real.regions == ()
    assert np.frombuffer(fake.regions[0].mask.png, np.uint8).size
    assert (fake.how, fake.labels) == ("agreement", 1)
    assert source.earlier_splits == {}


def test_a_decision_that_has_not_stood_long_enough_is_ignored(
    uploads: SyntheticUploads, sessions: Sessions
) -> None:
    before = now()
    uploads.users.upload_and_decide(uploads.faces(1, 0))
    with sessions() as session:
        assert read_decided_cases(session, before).cases == []


@pytest.mark.parametrize(("label", "covered"), [("real", 2), ("fake", 0)])
def test_a_fake_file_with_two_faces_does_not_say_which_is_fake(
    uploads: SyntheticUploads, sessions: Sessions, label: str, covered: int
) -> None:
    uploads.users.upload_and_decide(uploads.faces(1, 0) if label == "real" else uploads.faces(0, 1))
    with sessions.begin() as session:
        analysis = session.scalars(select(Analysis)).one()
        first = analysis.faces[0]
        columns = {column.name for column in Face.__table__.columns} - {"id", "number", "analysis_id"}
        names = [attribute.key for attribute in Face.__mapper__.column_attrs]
        copied = {name: getattr(first, name) for name in names if name in columns}
        analysis.faces.append(Face(number=2, **copied))
    with sessions() as session:
        (case,) = read_decided_cases(session, now()).cases
    assert len(case.faces) == covered


def test_a_face_that_is_not_judged_is_no_training_face(uploads: SyntheticUploads, sessions: Sessions) -> None:
    uploads.users.upload_and_decide(uploads.faces(1, 0))
    with sessions.begin() as session:
        face = session.scalars(select(Face)).one()
        face.fake_logit = face.fake_prob = face.verdict = None
        face.not_judged = "hidden"
    with sessions() as session:
        (case,) = read_decided_cases(session, now()).cases
    assert case.faces == ()
