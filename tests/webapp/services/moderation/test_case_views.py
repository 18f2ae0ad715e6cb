from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update

from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from tests.core.clips import write_clip
from tests.webapp.services.conftest import Opens
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Case, Claim
from webapp.domain.clock import now
from webapp.domain.enums import Reason, Vote
from webapp.domain.errors import Refused
from webapp.media.decoding.decoders import Decoders
from webapp.media.masks import mask_of_runs, read_mask, runs_of_mask
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_images import CaseImageService, error_level, high_pass
from webapp.services.moderation.case_views import CaseViewService, RegionView
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.flags import FlagService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules, open_case
from webapp.services.storage.kept_media import KeptMediaService

FAKE, REAL, UNSURE = (
    LabelInput("fake", 3, "the seam", ("boundary",)),
    LabelInput("real", 2),
    LabelInput("cannot_tell", 1),
)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


@pytest.fixture
def case_views(sessions: Sessions) -> CaseViewService:
    return CaseViewService(sessions)


@pytest.fixture
def case_images(
    case_views: CaseViewService, keeping: KeptMediaService, detector: Detector, decoders: Decoders
) -> CaseImageService:
    return CaseImageService(case_views, keeping, detector, decoders)


def kept_case(sessions: Sessions, analysis: AnalysisService, path: Path, subject: int = 1) -> str:
    given = analysis.analyse(path, consent=True)
    assert given.kept
    with sessions.begin() as session:
        row = session.scalars(
            select(Analysis).where(Analysis.receipt_hash == receipt_hash(given.receipt or ""))
        ).one()
        return open_case(session, row, subject, Reason.REPORT, TriageRules(wanted=1)).public_id


def test_what_is_seen_blind_and_what_is_told_after(
    case_views: CaseViewService,
    claims: ClaimService,
    labelling: LabellingService,
    opens: Opens,
    people: list[Person],
) -> None:
    case = opens(0.7, votes=(Vote.DISAGREE, Vote.AGREE))
    assert code_of(lambda: case_views.claimed_case(people[1], case)) == "claim_lost"
    claims.take(people[1])
    seen = case_views.claimed_case(people[1], case).model_dump(mode="json")
    assert set(seen) == {"id", "kind", "format", "subject", "spots", "labelled", "until"}
    assert not any(word in str(seen) for word in ("0.7", "inconclusive", "disagree", "fffff"))
    assert code_of(lambda: case_views.model_answer(people[1], case)) == "not_labelled"
    assert code_of(lambda: case_views.model_answer(people[2], case)) == "not_labelled"
    labelling.submit_blind(people[1], case, FAKE)
    answer = case_views.model_answer(people[1], case)
    assert (answer.fake_prob, answer.verdict, answer.model) == (0.7, "inconclusive", "m 1")
    assert answer.votes["agree"] + answer.votes["disagree"] == 1  # one visitor's last word
    assert case_views.claimed_case(people[1], case).labelled
    own = case_views.own_label(people[1], case)
    assert own is not None
    assert (own.value, own.note, own.tags) == ("fake", "the seam", ("boundary",))
    assert code_of(lambda: case_views.model_answer(people[2], case)) == "not_labelled"


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
    _, told = case_views.dispute(admin, case)
    assert [label.moderator for label in told] == [1, 1, 2, 2, 3, 3]
    assert told[0].region == RegionView(width=4, height=2, time=None, runs=[1, 2, 5])
    assert "moderator" not in str([label.note for label in told])
    assert code_of(lambda: case_views.dispute(people[1], case)) == "not_allowed"
    labelling.adjudicate(admin, case, REAL)
    assert case_views.queue_counts(admin).model_dump() == {"waiting": 0, "today": 1, "disputed": 0}
    assert code_of(lambda: case_views.dispute(admin, case)) == "not_disputed"
    labelling.undo(admin, case)
    assert case_views.queue_counts(admin).today == 0
    assert case_views.next_dispute(admin) == case


def test_the_following_case_is_the_one_that_comes(
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


def test_a_certain_case_can_be_held_where_it_waits(
    sessions: Sessions, claims: ClaimService, labelling: LabellingService, opens: Opens, people: list[Person]
) -> None:
    first, second = opens(0.5, rules=TriageRules(wanted=1)), opens(0.4, rules=TriageRules(wanted=1))
    claims.take(people[1])
    assert code_of(lambda: claims.take_case(people[2], first)) == "not_waiting"
    claims.take_case(people[1], second)
    with sessions() as session:
        assert [claim.case.public_id for claim in session.scalars(select(Claim))] == [second]
    claims.take_case(people[1], second)
    assert code_of(lambda: claims.take_case(people[1], "0" * 32)) == "not_waiting"
    assert claims.take(people[1]) == second  # what was held stays held
    with sessions.begin() as session:
        session.execute(update(Claim).values(until=now() - timedelta(seconds=1)))
    claims.take_case(people[2], second)
    labelling.submit_blind(people[2], second, FAKE)
    assert labelling.submit_final(people[2], second) == "decided"
    assert code_of(lambda: claims.take_case(people[1], second)) == "not_waiting"


def test_flags_are_told_to_admins(
    sessions: Sessions, claims: ClaimService, opens: Opens, people: list[Person]
) -> None:
    flags, case = FlagService(sessions, AuditService(sessions)), opens(0.5)
    assert code_of(lambda: flags.flag(people[1], case, "harmful")) == "claim_lost"
    claims.take(people[1])
    assert code_of(lambda: flags.flag(people[1], case, "boring")) == "invalid_flag"
    flags.flag(people[1], case, "harmful")
    found = flags.flags(people[0])
    assert [(flag.case, flag.concern, flag.by, flag.state) for flag in found] == [
        (case, "harmful", people[1].name, "open")
    ]
    assert code_of(lambda: flags.flags(people[1])) == "not_allowed"
    with sessions() as session:
        assert session.scalars(select(Claim)).all() == []


def test_the_kept_picture_its_views_and_its_heatmap(
    sessions: Sessions,
    analysis: AnalysisService,
    case_images: CaseImageService,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
    samples: Path,
) -> None:
    case, person = kept_case(sessions, analysis, samples / "two_people.jpg"), people[1]
    rgb = read_image(samples / "two_people.jpg")
    assert np.array_equal(read_image(case_images.file(person, case).content), rgb)
    for name in ("error_level", "high_pass"):
        assert read_image(case_images.view(person, case, name).content).shape == rgb.shape
    assert max(read_image(case_images.view(person, case, small=True).content).shape) == 160
    for call in (
        lambda: case_images.view(person, case, "secret"),
        lambda: case_images.view(person, case, time=1.0),
    ):
        assert code_of(call) == "invalid_view"
    claims.take(person)
    assert code_of(lambda: case_images.heat(person, case)) == "not_labelled"
    labelling.submit_blind(person, case, FAKE)
    with Image.open(io.BytesIO(case_images.heat(person, case).content)) as heat:
        assert (heat.mode, heat.size) == ("RGBA", (rgb.shape[1], rgb.shape[0]))
    labelling.submit_final(person, case)  # one was wanted: it is decided, and nobody's to see
    assert code_of(lambda: case_images.file(person, case)) == "unknown_case"


def test_a_case_whose_file_is_not_kept_says_so(
    case_images: CaseImageService, opens: Opens, people: list[Person]
) -> None:
    assert code_of(lambda: case_images.file(people[1], opens(0.5))) == "not_kept"


def test_frames_of_a_clip_are_those_that_were_judged(
    sessions: Sessions,
    analysis: AnalysisService,
    case_views: CaseViewService,
    case_images: CaseImageService,
    people: list[Person],
    samples: Path,
    tmp_path: Path,
) -> None:
    face = Image.open(samples / "astronaut.png").convert("RGB").resize((256, 256))
    pixels = [np.asarray(face.rotate(number)) for number in range(12)]
    case = kept_case(sessions, analysis, write_clip(tmp_path / "clip.mp4", pixels))
    kept = case_views.media(people[1], case)
    assert kept is not None
    times = [spot.time for spot in kept.spots]
    assert times == sorted(times, key=lambda time: time or 0)
    assert len(times) == 4
    shown = [read_image(case_images.view(people[1], case, time=time).content).astype(float) for time in times]
    assert np.abs(shown[0] - shown[-1]).mean() > 3  # the head has turned
    turned = round((times[-1] or 0) * 10)
    assert np.abs(shown[-1] - pixels[turned]).mean() < 6
    assert code_of(lambda: case_images.view(people[1], case)) == "invalid_view"


def test_the_other_views_show_what_they_should() -> None:
    rng = np.random.default_rng(0)
    flat = np.full((128, 128, 3), 120, np.uint8)
    assert error_level(flat).max() <= 15
    assert set(np.unique(high_pass(flat))) == {128}
    pasted = flat.copy()
    pasted[32:64, 32:64] = rng.integers(0, 255, (32, 32, 3))
    for view in (error_level, high_pass):
        shown = view(pasted).astype(int)
        assert (
            np.abs(shown[32:64, 32:64] - view(flat)[0, 0]).mean()
            > 10 * np.abs(shown[96:, 96:] - view(flat)[0, 0]).mean()
        )


def test_painted_runs_come_back() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        height, width = (int(side) for side in rng.integers(1, 40, 2))
        painted = rng.random((height, width)) < 0.4
        painted[rng.integers(height), rng.integers(width)] = True
        with Image.open(io.BytesIO(mask_of_runs(width, height, runs(painted)))) as image:
            assert np.array_equal(np.asarray(image) > 0, painted)
        assert runs_of_mask(read_mask(mask_of_runs(width, height, runs(painted))).png) == runs(painted)


def runs(painted: np.ndarray) -> list[int]:
    """As the desk's page writes them."""
    found, on, length = [], False, 0
    for here in painted.ravel():
        if here != on:
            found.append(length)
            on, length = bool(here), 0
        length += 1
    return [*found, length]


def test_a_deleted_result_takes_its_case_from_the_desk(
    sessions: Sessions, claims: ClaimService, opens: Opens, people: list[Person]
) -> None:
    case = opens(0.5)
    with sessions.begin() as session:
        session.delete(session.scalars(select(Case).where(Case.public_id == case)).one())
    assert claims.take(people[1]) is None
