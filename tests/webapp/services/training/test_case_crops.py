from __future__ import annotations

import logging
from pathlib import Path

import cv2
import pytest
from sqlalchemy import select

from laanet_core.faces.detector import FaceDetector
from laanet_core.faces.quality import FaceAssessor
from laanet_core.faces.straightening import roll_of
from laanet_core.media.images import read_image
from laanet_core.media.reader import IN_PROCESS
from tests.core.faces.turning import turned
from tests.snapshot_faces import decided_case
from webapp.db.session import Sessions
from webapp.db.tables import Media
from webapp.media.masks import Mask
from webapp.services.analysis.service import AnalysisService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.training.case_crops import CaseCropper, frames_to_crop
from webapp.services.training.decided_cases import FacePosition, RegionOnFrame

BOX = (10.0, 10.0, 50.0, 50.0)


def test_frames_with_painted_regions_come_first_and_the_rest_is_spread() -> None:
    faces = tuple(FacePosition(BOX, float(second)) for second in range(10))
    region = RegionOnFrame(Mask(b"", 1, 1), 4.0004)
    case = decided_case(kind="video", faces=faces, regions=(region,))
    assert [face.time for face in frames_to_crop(case)] == [4.0, 0.0, 3.0, 6.0]


def test_a_short_clip_gives_all_its_frames_once() -> None:
    faces = tuple(FacePosition(BOX, float(second)) for second in range(2))
    assert frames_to_crop(decided_case(kind="video", faces=faces)) == list(faces)


def test_a_missing_file_gives_no_crop_and_a_log_entry(
    keeping: KeptMediaService, caplog: pytest.LogCaptureFixture
) -> None:
    cropper = CaseCropper(keeping, IN_PROCESS, FaceAssessor(FaceDetector()))
    with caplog.at_level(logging.ERROR):
        assert cropper.crop(decided_case(), lambda _: None) == []
    assert "cannot read a kept file" in caplog.text


def test_a_tilted_face_is_upright_in_its_crop(
    analysis: AnalysisService, sessions: Sessions, keeping: KeptMediaService, samples: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tilted.png"
    rgb = turned(read_image(samples / "official_portrait_2012.jpg"), 30)
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    (face,) = analysis.analyse(path, consent=True).result.faces
    with sessions() as session:
        media = session.scalars(select(Media)).one()
    case = decided_case(media=media, faces=(FacePosition(face.box, None, face.quality),))
    face_detector = FaceDetector()
    cropper = CaseCropper(keeping, IN_PROCESS, FaceAssessor(face_detector))
    (crop,) = cropper.crop(case, lambda _: None)
    (upright, *_) = face_detector.detect(crop.image)
    assert upright.found is not None
    assert abs(roll_of(upright.found)) < 8
    # The crop is the square that was scored.
    assert face.heatmap is not None
    assert crop.image.shape[0] == round(face.heatmap.box[2] - face.heatmap.box[0])
