from __future__ import annotations

import logging

import pytest

from laanet_core.media.reader import IN_PROCESS
from tests.snapshot_faces import decided_case
from webapp.media.masks import Mask
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
    cropper = CaseCropper(keeping, IN_PROCESS)
    with caplog.at_level(logging.ERROR):
        assert cropper.crop(decided_case(), lambda _: None) == []
    assert "cannot read a kept file" in caplog.text
