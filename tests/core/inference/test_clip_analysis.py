"""Analysis of clips with the bundled weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.decision import fake_probability
from laanet_core.errors import Cancelled
from laanet_core.inference.detector import Detector
from laanet_core.inference.judged_clip import JudgedClip
from laanet_core.media.images import read_image
from laanet_core.results import AnalysisResult, Progress
from tests.core.clips import drifting, forged_astronaut, write_clip


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
    assert detector.analyse_video(write_clip(tmp_path / "real.mp4", still, rate=25), 8).verdict != "fake"


def test_cuts_every_second_leave_the_persons_apart(detector: Detector, samples: Path, tmp_path: Path) -> None:
    fake = forged_astronaut(samples)
    real = cv2.resize(read_image(samples / "state_of_the_union_speech.jpg")[100:800, :700], (512, 512))
    frames = [drifting(fake if int(time) % 2 else real, time) for time in np.arange(150) / 25]
    result = detector.analyse_video(write_clip(tmp_path / "a.mp4", frames, rate=25))
    assert result.verdict == "fake"
    assert [segment.verdict for segment in result.segments] == ["real", "fake"] * 3
    assert [segment.start for segment in result.segments] == pytest.approx(range(6), abs=0.05)


def test_a_face_that_is_replaced_in_place_is_one_person(
    detector: Detector, samples: Path, tmp_path: Path
) -> None:
    """A slow zoom; from 3 s on the face is forged, and everything else stays."""
    pictures = [read_image(samples / "astronaut.png"), forged_astronaut(samples)]
    frames = []
    for number in range(72):
        side = round(512 * (1 - 0.2 * number / 72))
        left, top = (512 - side) // 2, (512 - side) // 4
        zoomed = pictures[number >= 36][top : top + side, left : left + side]
        frames.append(cv2.resize(zoomed, (384, 384), interpolation=cv2.INTER_AREA).astype(np.uint8))
    result = detector.analyse_video(write_clip(tmp_path / "a.mp4", frames, rate=12))
    assert result.verdict == "fake"
    assert len(result.tracks) == 1
    real, fake = result.segments
    assert real.verdict != fake.verdict == "fake"
    assert real.end <= fake.start == pytest.approx(3.0, abs=0.1)


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


def test_a_face_in_the_last_second_of_five_minutes_is_judged(
    detector: Detector, samples: Path, tmp_path: Path
) -> None:
    face = cv2.resize(forged_astronaut(samples), (256, 256), interpolation=cv2.INTER_AREA)
    pictures = [np.full((256, 256, 3), 128, np.uint8)] * (25 * 299) + [np.asarray(face, np.uint8)] * 25
    options = {"preset": "ultrafast"}
    clip = write_clip(tmp_path / "a.mp4", pictures, rate=25, codec="libx264", options=options)
    result = detector.analyse_video(clip)
    assert result.verdict == "fake"
    (segment,) = result.segments
    assert [segment.start, segment.end] == pytest.approx([299, 300], abs=0.1)
    assert result.coverage is not None
    assert result.coverage.seconds_covered == pytest.approx(300, abs=0.5)


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


def test_clip_whose_time_ends_says_so(
    detector: Detector, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = read_image(samples / "astronaut.png")
    clip = write_clip(tmp_path / "clip.mp4", [drifting(face, number / 10) for number in range(60)])
    whole = detector.analyse_video(clip, 24)
    assert "not_all_frames" not in whole.cautions
    monkeypatch.setattr(JudgedClip, "is_overdue", property(lambda judged: len(judged.faces) >= 8))
    part = detector.analyse_video(clip, 24)
    assert "not_all_frames" in part.cautions
    assert part.outcome == "verdict"
    assert part.coverage is not None
    assert part.coverage.frames_judged < whole.coverage.frames_judged  # type: ignore[union-attr]
