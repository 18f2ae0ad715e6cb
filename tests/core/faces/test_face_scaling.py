"""Places of faces in pixels of the original and of a smaller picture, up to 60 megapixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from laanet_core.cli import main
from laanet_core.faces.face_scaling import faces_on, in_original_pixels, scale_box, scale_face, size_of
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_picture
from laanet_core.results import FaceQuality, FaceResult, Heatmap

FACE = FaceResult(
    box=(10.0, 20.0, 50.0, 80.0),
    detection_prob=0.99,
    fake_logit=-2.0,
    fake_prob=0.1,
    verdict="real",
    heatmap=Heatmap(np.zeros((4, 4), np.float32), (5.0, 25.0, 55.0, 75.0)),
    quality=FaceQuality(side=40.0, sharpness=0.5, inside=1.0, roll=0.0, detection_prob=0.99),
)


def test_every_place_of_a_face_is_converted() -> None:
    larger = scale_face(FACE, (100, 100), (200, 300))
    assert larger.box == (20.0, 60.0, 100.0, 240.0)
    assert larger.heatmap is not None
    assert larger.heatmap.box == (10.0, 75.0, 110.0, 225.0)
    assert larger.quality is not None
    assert larger.quality.side == 80.0
    assert scale_face(FACE, (100, 100), (100, 100)) is FACE
    assert scale_box((0, 0, 4, 4), (8, 8), (2, 4)) == (0, 0, 1, 2)


def test_result_without_a_size_has_the_pictures_pixels() -> None:
    rgb = np.zeros((100, 200, 3), np.uint8)
    assert size_of(rgb) == (200, 100)
    assert faces_on(rgb, [FACE], None) == (FACE,)
    assert faces_on(rgb, [FACE], (400, 200))[0].box == (5.0, 10.0, 25.0, 40.0)


@pytest.fixture(scope="module")
def large_photo(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """Return a JPEG of 60 megapixels, stored on its side, with a face left of its middle."""
    with Image.open(samples / "official_portrait_2012.jpg") as portrait:
        portrait.thumbnail((3000, 3000))
        upright = Image.new("RGB", (9001, 6701), (90, 110, 130))
        upright.paste(portrait, (1200, 2000))
    exif = Image.Exif()
    # EXIF orientation 6: the stored picture is turned by 90 degrees.
    exif[0x0112] = 6
    path = tmp_path_factory.mktemp("large") / "large.jpg"
    upright.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=exif)
    return path


def test_large_photo_is_reported_in_pixels_of_the_original(
    detector: Detector, large_photo: Path, samples: Path, tmp_path: Path
) -> None:
    result = detector.analyse_file(large_photo)
    assert result.size == (9001, 6701)
    [face] = result.faces
    with Image.open(samples / "official_portrait_2012.jpg") as portrait:
        portrait.thumbnail((3000, 3000))
        [alone] = detector.analyse_image(np.asarray(portrait)).faces
    expected = np.add(alone.box, (1200, 2000, 1200, 2000))
    side = alone.box[2] - alone.box[0]
    assert np.abs(np.array(face.box) - expected).max() < 0.1 * side
    assert face.quality is not None
    assert face.quality.side == pytest.approx(min(face.box[2] - face.box[0], face.box[3] - face.box[1]))

    rgb = read_picture(large_photo).rgb
    assert size_of(rgb) == (4501, 3351)
    [face_on_rgb] = faces_on(rgb, result.faces, result.size)
    assert face_on_rgb.box == pytest.approx(np.array(face.box) / 2, rel=1e-3)
    again = detector.analyse_image(rgb)
    assert in_original_pixels(again, (9001, 6701)).faces[0].box == face.box

    assert main(["predict", str(large_photo), "--heatmaps", str(tmp_path), "--device", "cpu"]) == 0
    [drawn] = tmp_path.glob("*.png")
    difference = cv2.absdiff(cv2.cvtColor(cv2.imread(str(drawn)), cv2.COLOR_BGR2RGB), rgb).max(axis=2)
    rows, columns = np.nonzero(difference > 60)
    x1, y1, x2, y2 = face_on_rgb.box
    width = x2 - x1
    # The box, with its number above it, is drawn around the face and nowhere else.
    assert x1 - width / 4 < columns.min() < x1 + width / 8
    assert x2 - width / 8 < columns.max() < x2 + width / 4
    assert y1 - 2 * width < rows.min() < rows.max() < y2 + width / 4
