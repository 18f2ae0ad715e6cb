"""Analysis of photos, crops, clips and files with the bundled weights."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.decision import fake_probability, picture_fake_prob, verdict_of
from laanet_core.errors import Cancelled, InvalidConfig, InvalidWeights, UnreadableMedia
from laanet_core.faces.detector import DetectedFace
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame
from laanet_core.results import AnalysisResult, Progress
from tests.core.clips import drifting, forged_astronaut, write_clip, write_sound
from tests.core.faces.turning import turned


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


def test_a_small_face_beside_a_large_one_stays_unscored(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    canvas = np.full((512, 800, 3), 200, np.uint8)
    canvas[:, :512] = rgb
    canvas[50:220, 600:770] = cv2.resize(rgb, (170, 170), interpolation=cv2.INTER_AREA)
    large, small = detector.analyse_image(canvas).faces
    assert large.fake_logit is not None
    assert small.fake_logit is None


def test_crops_are_judged_without_face_detection(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")[62:172, 175:275]
    result = detector.analyse_crop(rgb)
    assert [face.box for face in result.faces] == [(0, 0, 100, 110)]
    assert detector.analyse_file(samples / "astronaut.png", cropped=True).faces[0].box == (0, 0, 512, 512)


def test_clips_get_one_result_per_track(detector: Detector, samples: Path, tmp_path: Path) -> None:
    rgb = read_image(samples / "two_people.jpg")
    small = cv2.resize(rgb, (800, 470), interpolation=cv2.INTER_AREA)
    shifted = [np.roll(small, 4 * number, axis=1) for number in range(10)]
    fractions: list[float] = []
    clip = write_clip(tmp_path / "clip.mp4", shifted)
    result = detector.analyse_video(clip, 5, progress=lambda report: fractions.append(report.fraction))
    assert (result.kind, result.outcome) == ("video", "verdict")
    assert [track.frames for track in result.tracks] == [5, 5]
    assert len({face.time for face in result.faces}) == 5
    for track in result.tracks:
        logits = [face.fake_logit for face in result.faces if face.track == track.track]
        assert track.fake_logit == pytest.approx(np.mean(logits), abs=1e-5)  # type: ignore[arg-type]
        assert track.fake_prob == pytest.approx(fake_probability(track.fake_logit, detector.decision))
    assert result.fake_prob is not None
    assert result.fake_prob <= max(track.fake_prob for track in result.tracks)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    again = detector.analyse_video(clip, 5)
    assert [face.fake_logit for face in again.faces] == [face.fake_logit for face in result.faces]


def test_no_track_spans_a_cut_and_the_fake_person_decides(
    detector: Detector, samples: Path, tmp_path: Path
) -> None:
    real, fake = read_image(samples / "astronaut.png"), forged_astronaut(samples)
    other = cv2.resize(read_image(samples / "state_of_the_union_speech.jpg")[100:800, :700], (512, 512))
    for number, cut in enumerate((0.9, 2.5, 4.6)):
        frames = [drifting(fake if time < cut else other, time) for time in np.arange(150) / 25]
        result = detector.analyse_video(write_clip(tmp_path / f"{number}.mp4", frames, rate=25), 8)
        assert result.verdict == "fake"
        first, second = result.tracks
        assert (first.verdict, second.verdict) == ("fake", "real")
        assert [(segment.track, segment.verdict) for segment in result.segments] == [(0, "fake"), (1, "real")]
        assert [segment.end for segment in result.segments] == pytest.approx([cut, 6.0], abs=0.05)
    still = [drifting(real, time) for time in np.arange(150) / 25]
    assert detector.analyse_video(write_clip(tmp_path / "real.mp4", still, rate=25), 8).verdict == "real"


@pytest.mark.parametrize("start", [3.7, 31.0, 56.9])
def test_a_short_fake_passage_is_reported_with_its_times(
    detector: Detector, samples: Path, tmp_path: Path, start: float
) -> None:
    real, fake = read_image(samples / "astronaut.png"), forged_astronaut(samples)
    frames = [drifting(fake if start <= time < start + 3 else real, time) for time in np.arange(600) / 10]
    result = detector.analyse_video(write_clip(tmp_path / "a.mp4", frames), 12)
    assert result.verdict == "fake"
    (segment,) = [segment for segment in result.segments if segment.verdict == "fake"]
    assert [segment.start, segment.end] == pytest.approx([start, start + 3], abs=0.5)
    assert result.coverage is not None
    assert result.coverage.frames_judged <= 5 * 12
    assert result.coverage.seconds_covered > 0.9 * result.coverage.seconds
    assert [face.time for face in result.faces] == sorted(face.time for face in result.faces if face.time)


def test_every_slide_is_judged(detector: Detector, samples: Path, tmp_path: Path) -> None:
    real, fake = read_image(samples / "astronaut.png"), forged_astronaut(samples)
    for place in range(3):
        slides = [np.roll(fake if number == place else real, 40 * number, axis=1) for number in range(3)]
        clip = write_clip(tmp_path / f"{place}.mkv", slides, times=[0, 10, 20], codec="libx264")
        result = detector.analyse_video(clip)
        assert [track.verdict for track in result.tracks] == [
            "fake" if number == place else "real" for number in range(3)
        ]
        assert result.verdict == "fake"
    (only,) = detector.analyse_video(write_clip(tmp_path / "a.webm", [fake], codec="libvpx")).segments
    assert (only.verdict, only.still) == ("fake", True)


def test_partial_results_cover_the_frames_judged_so_far(
    detector: Detector, samples: Path, tmp_path: Path
) -> None:
    frame = cv2.resize(read_image(samples / "astronaut.png"), (256, 256))
    clip, partial_results = write_clip(tmp_path / "a.mp4", [frame] * 20), list[AnalysisResult]()
    result = detector.analyse_file(clip, frames=20, on_partial_result=partial_results.append)
    assert [len(partial.faces) for partial in partial_results] == [8, 16]
    assert all(partial.faces == result.faces[: len(partial.faces)] for partial in partial_results)
    assert all(partial.fake_prob == pytest.approx(result.fake_prob, abs=0.05) for partial in partial_results)


def test_the_progress_callback_can_cancel_a_clip(detector: Detector, samples: Path, tmp_path: Path) -> None:
    frame = cv2.resize(read_image(samples / "astronaut.png"), (256, 256))

    def stop(report: Progress) -> None:
        if report.fraction > 0:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        detector.analyse_video(write_clip(tmp_path / "a.mp4", [frame] * 20), 16, progress=stop)


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


def test_known_boxes_are_scored_without_detection(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "two_people.jpg")
    detected = detector.analyse_image(rgb).faces
    boxes = [DetectedFace(face.box, face.detection_prob) for face in detected]
    scored = detector.score_faces(rgb, [*boxes, DetectedFace((0.0, 0.0, 10.0, 10.0), 1.0)])
    assert [face.fake_logit for face in scored] == [*(face.fake_logit for face in detected), None]


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


@pytest.mark.parametrize("degrees", [0, 30])
def test_rescoring_a_stored_face_gives_its_first_score(
    detector: Detector, samples: Path, degrees: float
) -> None:
    rgb = turned(read_image(samples / "official_portrait_2012.jpg"), degrees)
    (first,) = detector.analyse_image(rgb).faces
    assert first.fake_logit is not None
    assert first.heatmap is not None
    stored = dataclasses.replace(
        first, fake_logit=None, fake_prob=None, verdict=None, heatmap=None, time=1.5, track=3
    )
    hidden = dataclasses.replace(stored, not_judged="hidden")
    again, unjudged = detector.rescore(rgb, [stored, hidden])
    assert again.fake_logit == pytest.approx(first.fake_logit, abs=1e-4)
    assert again.heatmap is not None
    assert again.heatmap.box == first.heatmap.box
    assert np.abs(again.heatmap.values - first.heatmap.values).max() < 1e-4
    assert (again.box, again.verdict, again.time, again.track) == (first.box, first.verdict, 1.5, 3)
    assert (unjudged.not_judged, unjudged.fake_logit, unjudged.heatmap) == ("hidden", None, None)
