"""Independence of the audit sample: neither votes, scores, the time of a vote nor repeats change it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.audit_world import AuditWorld, SimulatedFace, bring, faces_of, true_rate
from webapp.db.session import Sessions
from webapp.db.tables import Case
from webapp.domain.enums import ModelRate

SHARE = 0.4
Story = Callable[[AuditWorld, SimulatedFace, str], None]


def quiet(world: AuditWorld, face: SimulatedFace, receipt: str) -> None:
    world.triage(receipt, face.draw)


def voted_before(world: AuditWorld, face: SimulatedFace, receipt: str) -> None:
    """The visitor knows the receipt and votes before the triage, which then comes with the vote."""
    world.mislead(face, receipt, face.draw)
    world.triage(receipt, 0.0)


def voted_after(world: AuditWorld, face: SimulatedFace, receipt: str) -> None:
    world.triage(receipt, face.draw)
    world.mislead(face, receipt, 0.0)


def repeated(world: AuditWorld, face: SimulatedFace, receipt: str) -> None:
    world.triage(receipt, face.draw)
    copy = dataclasses.replace(face, file=face.file[::-1], bits=face.bits ^ 0b101)
    for again, other in zip((face, copy), world.store([face, copy]), strict=True):
        world.mislead(again, other, 0.0)


@pytest.mark.parametrize("story", [voted_before, voted_after, repeated])
@pytest.mark.parametrize("score", [0.02, 0.5, 0.98])
def test_the_same_draws_select_the_same_files(sessions: Sessions, story: Story, score: float) -> None:
    """A draw below the share selects a file whatever visitors do, and no other file is selected."""
    faces = [dataclasses.replace(face, fake_prob=score) for face in faces_of(random.Random(3), 12)]
    expected = {face.file for face in faces if face.draw < SHARE}
    assert 0 < len(expected) < len(faces)
    world = AuditWorld(sessions, SHARE)
    for face, receipt in zip(faces, world.store(faces), strict=True):
        story(world, face, receipt)
    assert world.drawn() == expected


def test_votes_do_not_change_the_order_in_which_the_sample_is_labelled(sessions: Sessions) -> None:
    world = AuditWorld(sessions, 1.0)
    faces = faces_of(random.Random(5), 8)
    receipts = world.store(faces)
    for face, receipt in zip(faces, receipts, strict=True):
        quiet(world, face, receipt)
    for face, receipt in list(zip(faces, receipts, strict=True))[4:]:
        world.mislead(face, receipt, 0.0)
    with sessions() as session:
        by_rank = session.scalars(select(Case.id).order_by(Case.rank.desc())).all()
        assert by_rank == session.scalars(select(Case.id).order_by(Case.opened_at, Case.id)).all()


def test_the_measured_rates_are_those_of_the_drawn_files(sessions: Sessions) -> None:
    rng = random.Random(1)
    faces = [
        dataclasses.replace(face, is_fake=number % 2 == 0) for number, face in enumerate(faces_of(rng, 75))
    ]
    world = AuditWorld(sessions, 0.9)
    assert world.moderate(bring(world, faces, rng), rng) == len(world.drawn())
    drawn = [face for face in faces if face.draw < 0.9]
    assert world.drawn() == {face.file for face in drawn}
    for rate in (ModelRate.RECALL, ModelRate.FALSE_ALARM_RATE):
        possible = world.measured(rate).possible
        assert possible is not None
        assert possible[0] <= true_rate(drawn, rate) <= possible[1]
