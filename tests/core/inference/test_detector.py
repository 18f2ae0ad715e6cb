"""Analysis of photos, crops, clips and files with the bundled weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.decision import picture_fake_prob, verdict_of
from laanet_core.errors import InvalidConfig, InvalidWeights, UnreadableMedia
from laanet_core.inference.detector import Detector
from laanet_core.media.images import Picture, read_image
from laanet_core.media.reader import InProcessReader
from laanet_core.media.video import Frame
from laanet_core.results import Warn, ignore_caution
from tests.core.clips import write_clip, write_sound


def test_every_face_gets_a_score_and_a_heatmap(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "two_people.jpg")
    result = detector.analyse_image(rgb)
    assert (result.kind, result.outcome, result.error, result.size) == ("image", "verdict", None, (1126, 661))
    assert len(result.faces) == 2
    for face in result.faces:
        assert face.fake_logit is not None
        assert face.fake_prob is not None
        assert 0 <= face.fake_prob <= 1
        assert face.verdict == verdict_of(face.fake_prob, detector.decision)
        assert face.heatmap is not None
        cells = detector.config.heatmap_size
        assert face.heatmap.values.shape == (cells, cells)
        assert face.heatmap.values.dtype == np.float32
        assert 0 <= face.heatmap.values.min() <= face.heatmap.values.max() <= 1
        x1, y1, x2, y2 = face.heatmap.box
        assert x1 < face.box[0] < face.box[2] < x2
        assert x2 - x1 == pytest.approx(y2 - y1)
    assert result.fake_prob == picture_fake_prob(result.faces, detector.decision)
    assert result.fake_prob is not None
    assert result.fake_prob <= max(face.fake_prob for face in result.faces if face.fake_prob is not None)
    assert len(detector.analyse_image(read_image(samples / "astronaut.png")).faces) == 1


def test_scores_do_not_depend_on_the_batch(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    first, second = (detector.analyse_image(rgb).faces[0].fake_logit for _ in range(2))
    assert first == second
    other = Detector.from_weights("starter", device="cpu")
    assert other.analyse_image(rgb).faces[0].fake_logit == pytest.approx(first, abs=1e-4)
    size = detector.config.input_size
    rng = np.random.default_rng(0)
    crop = cv2.resize(rgb[40:240, 120:320], (size, size))
    noise_crops = [rng.integers(0, 256, (size, size, 3), dtype=np.uint8) for _ in range(20)]
    alone = detector.score_crops([crop])
    for place in (0, 7, 20):
        batch = [*noise_crops[:place], crop, *noise_crops[place:]]
        together = detector.score_crops(batch)
        assert together.fake_logit[place] == pytest.approx(alone.fake_logit[0], abs=1e-4)
        assert np.abs(together.heatmap[place] - alone.heatmap[0]).max() < 1e-4


def test_mirrored_crops_score_the_same_with_the_flip_test(detector: Detector, samples: Path) -> None:
    size = detector.config.input_size
    crop = cv2.resize(read_image(samples / "astronaut.png")[40:240, 120:320], (size, size))
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    scores = detector.score_crops([crop, mirrored])
    assert scores.fake_logit[0] == pytest.approx(scores.fake_logit[1], abs=1e-4)
    assert np.abs(scores.heatmap[0] - scores.heatmap[1][:, ::-1]).max() < 1e-4
    single = detector.score_crops([crop, mirrored], flip=False)
    assert single.fake_logit.mean() == pytest.approx(scores.fake_logit[0], abs=1e-4)


def test_small_faces_are_detected_but_not_scored(detector: Detector, samples: Path) -> None:
    small = cv2.resize(read_image(samples / "astronaut.png"), (170, 170), interpolation=cv2.INTER_AREA)
    result = detector.analyse_image(small)
    assert result.outcome == "face_too_small"
    assert (result.verdict, result.fake_prob) == (None, None)
    assert [(face.fake_logit, face.verdict, face.heatmap) for face in result.faces] == [(None, None, None)]
    assert detector.analyse_image(np.full((100, 100, 3), 90, np.uint8)).outcome == "no_face"


def test_crops_are_judged_without_face_detection(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")[62:172, 175:275]
    result = detector.analyse_crop(rgb)
    assert [face.box for face in result.faces] == [(0, 0, 100, 110)]
    assert detector.analyse_file(samples / "astronaut.png", cropped=True).faces[0].box == (0, 0, 512, 512)


def test_files_that_cannot_be_judged_are_rejected(detector: Detector, samples: Path, tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "sound.mp4")
    with pytest.raises(UnreadableMedia):
        detector.analyse_video(sound)
    result = detector.analyse_file(sound)
    assert (result.kind, result.outcome) == ("video", "rejected")
    assert result.error is not None
    assert result.error.code == "no_frames"
    wrong = detector.analyse_file(sound, only="image")
    assert wrong.error is not None
    assert wrong.error.code == "unsupported_type"
    assert detector.analyse_file(samples / "astronaut.png").outcome == "verdict"


def test_an_unexpected_error_rejects_the_file_and_is_logged(
    detector: Detector, samples: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AttributeError("width")

    monkeypatch.setattr("laanet_core.media.reader.read_picture", broken)
    result = detector.analyse_file(samples / "astronaut.png")
    assert result.outcome == "rejected"
    assert result.error is not None
    assert result.error.code == "unforeseen"
    assert "width" in caplog.text


@pytest.mark.parametrize("shape", [(40, 40), (1, 40, 40, 3), (3, 40, 40), (40, 40, 4), (0, 0, 3)])
def test_arrays_that_are_not_pictures_are_refused(detector: Detector, shape: tuple[int, ...]) -> None:
    for judge in (detector.analyse_image, detector.analyse_crop):
        with pytest.raises(ValueError, match="uint8 RGB"):
            judge(np.zeros(shape, np.uint8))
        with pytest.raises(ValueError, match="uint8 RGB"):
            judge(np.zeros((40, 40, 3), np.float32))  # type: ignore[arg-type]


def test_on_frame_receives_every_judged_frame_in_order(
    detector: Detector, samples: Path, tmp_path: Path
) -> None:
    frame = cv2.resize(read_image(samples / "astronaut.png"), (256, 256))
    frames: list[Frame] = []
    result = detector.analyse_file(
        write_clip(tmp_path / "a.mp4", [frame] * 10), frames=4, on_frame=frames.append
    )
    assert [frame.time for frame in frames] == sorted({face.time for face in result.faces})
    photos: list[Frame] = []
    detector.analyse_file(samples / "astronaut.png", on_frame=photos.append)
    assert [(photo.rgb.shape, photo.time) for photo in photos] == [((512, 512, 3), 0.0)]


def test_unknown_weights_and_devices_are_refused() -> None:
    with pytest.raises(InvalidWeights, match="no folder"):
        Detector.from_weights("nothing/here")
    with pytest.raises(InvalidConfig, match="tpu"):
        Detector.from_weights("starter", device="tpu")


def test_a_file_that_needs_too_much_memory_is_rejected(samples: Path) -> None:
    class GreedyReader(InProcessReader):
        def picture(self, path: Path, *, warn: Warn = ignore_caution) -> Picture:
            raise MemoryError

    greedy = Detector.from_weights("starter", "cpu", runtime="eager", reader=GreedyReader())
    result = greedy.analyse_file(samples / "astronaut.png")
    assert result.error is not None
    assert (result.outcome, result.error.code) == ("rejected", "decoding_too_large")
