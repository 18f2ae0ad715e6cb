from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.evaluation.benchmark_crops import prepare_video
from laanet_core.evaluation.public_benchmarks import TRIM
from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.faces.detector import FaceDetector
from laanet_core.media.images import read_image
from laanet_core.media.video import read_frames
from tests.core.clips import write_clip


def test_trimmed_crops_show_what_the_detector_would_crop(tmp_path: Path, samples: Path) -> None:
    image = cv2.resize(read_image(samples / "astronaut.png"), (320, 320), interpolation=cv2.INTER_AREA)
    video = write_clip(tmp_path / "clip.mp4", [np.roll(image, 3 * number, axis=1) for number in range(6)])
    detector = FaceDetector()
    assert prepare_video(video, tmp_path / "crops", detector, frames=3) == 3
    files = sorted((tmp_path / "crops").iterdir())
    for file, frame in zip(files, read_frames(video, 3), strict=True):
        crop = read_image(file)
        side = crop.shape[0]
        trimmed = crop_square(crop, (TRIM, TRIM, side - TRIM, side - TRIM), 224)
        (face,) = detector.detect_frames([frame.rgb])[0]
        direct = crop_square(frame.rgb, enlarge_to_square(face.box), 224)
        # The crop is resampled twice instead of once.
        assert np.abs(trimmed.astype(int) - direct).mean() < 4
    # An existing folder is left alone.
    files[0].unlink()
    assert prepare_video(video, tmp_path / "crops", detector, frames=3) == 2


def test_a_clip_without_faces_is_refused(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "grey.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 3)
    with pytest.raises(UnreadableMedia, match="No face") as caught:
        prepare_video(video, tmp_path / "crops", FaceDetector(), frames=3)
    assert caught.value.code == "no_face"
    assert not (tmp_path / "crops").exists()
