"""Images of kept files, their forensic views and heatmaps."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from laanet_core.inference.detector import Detector
from laanet_core.inference.overlay import heat_layer
from laanet_core.media.images import read_image
from tests.core.clips import forged_astronaut, write_clip
from tests.core.faces.turning import turned
from tests.webapp.services.conftest import Opens, refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.domain.enums import Reason
from webapp.media.decoding.process_pool import DecoderPool
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person
from webapp.services.analysis.service import AnalysisService
from webapp.services.analysis_records.subjects import WHOLE_FILE
from webapp.services.moderation.case_images import CaseImageService, error_level, high_pass
from webapp.services.moderation.case_views import CaseViewService
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules, open_case
from webapp.services.storage.kept_media import KeptMediaService

FAKE, REAL, UNSURE = (
    LabelInput("fake", 3, "the seam", ("boundary",)),
    LabelInput("real", 2),
    LabelInput("cannot_tell", 1),
)


@pytest.fixture
def case_views(sessions: Sessions) -> CaseViewService:
    return CaseViewService(sessions)


@pytest.fixture
def case_images(
    case_views: CaseViewService, keeping: KeptMediaService, detector: Detector, decoders: DecoderPool
) -> CaseImageService:
    return CaseImageService(case_views, keeping, detector, decoders)


def kept_case(sessions: Sessions, analysis: AnalysisService, path: Path, subject: int = 1) -> str:
    given = analysis.analyse(path, consent=True)
    assert given.is_kept
    with sessions.begin() as session:
        row = session.scalars(
            select(Analysis).where(Analysis.receipt_hash == receipt_hash(given.receipt or ""))
        ).one()
        return open_case(session, row, subject, Reason.REPORT, TriageRules(wanted=1)).public_id


def test_file_views_and_heatmap_of_a_kept_picture(
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
    assert max(read_image(case_images.view(person, case, is_thumbnail=True).content).shape) == 160
    for call in (
        lambda: case_images.view(person, case, "secret"),
        lambda: case_images.view(person, case, time=1.0),
    ):
        assert refusal_code(call) == "invalid_view"
    claims.take(person)
    assert refusal_code(case_images.heatmap, person, case) == "not_labelled"
    labelling.submit_blind(person, case, FAKE)
    with Image.open(io.BytesIO(case_images.heatmap(person, case).content)) as heat:
        assert (heat.mode, heat.size) == ("RGBA", (rgb.shape[1], rgb.shape[0]))
    # One label decides this case. Until that can no longer be undone, only those who labelled it see it.
    labelling.submit_final(person, case)
    assert refusal_code(case_images.file, people[2], case) == "unknown_case"
    assert np.array_equal(read_image(case_images.file(person, case).content), rgb)


def test_a_case_without_kept_file_is_refused(
    case_images: CaseImageService, opens: Opens, people: list[Person]
) -> None:
    assert refusal_code(case_images.file, people[1], opens(0.5)) == "not_kept"


def test_frames_of_a_clip_are_the_judged_ones(
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
    # The head turns during the clip.
    assert np.abs(shown[0] - shown[-1]).mean() > 3
    turned = round((times[-1] or 0) * 10)
    assert np.abs(shown[-1] - pixels[turned]).mean() < 6
    assert refusal_code(case_images.view, people[1], case) == "invalid_view"


def test_views_show_pasted_regions() -> None:
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


def test_the_heatmap_of_a_tilted_face_is_the_first_one(
    sessions: Sessions,
    analysis: AnalysisService,
    case_images: CaseImageService,
    claims: ClaimService,
    labelling: LabellingService,
    detector: Detector,
    people: list[Person],
    *,
    samples: Path,
    tmp_path: Path,
) -> None:
    path = tmp_path / "tilted.png"
    Image.fromarray(turned(forged_astronaut(samples), 30)).save(path)
    case, person = kept_case(sessions, analysis, path), people[1]
    claims.take(person)
    labelling.submit_blind(person, case, FAKE)
    rgb = read_image(path)
    first = heat_layer(rgb.shape, detector.analyse_image(rgb).faces)
    with Image.open(io.BytesIO(case_images.heatmap(person, case).content)) as image:
        again = np.asarray(image)
    assert first[..., 3].any()
    # Another batch may round a level of the colour scale differently.
    assert (np.abs(again.astype(int) - first).max(axis=2) > 8).mean() < 1e-3


def test_a_face_that_is_not_judged_has_no_heatmap(
    sessions: Sessions,
    analysis: AnalysisService,
    case_images: CaseImageService,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
    samples: Path,
    tmp_path: Path,
) -> None:
    path = tmp_path / "turned.png"
    Image.fromarray(turned(read_image(samples / "official_portrait_2012.jpg"), 180)).save(path)
    case, person = kept_case(sessions, analysis, path, subject=WHOLE_FILE), people[1]
    claims.take(person)
    labelling.submit_blind(person, case, FAKE)
    with Image.open(io.BytesIO(case_images.heatmap(person, case).content)) as image:
        assert not np.asarray(image)[..., 3].any()
