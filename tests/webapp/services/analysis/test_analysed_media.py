"""Pixels are decoded once per visit, within a memory budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import pytest

from laanet_core.inference.detector import Detector
from laanet_core.media.images import Picture
from laanet_core.media.reader import IN_PROCESS
from laanet_core.media.video import Frame
from laanet_core.results import Provenance, Warn, ignore_caution
from laanet_core.types import RGBImage
from tests.conftest import ROOT
from webapp.db.session import Sessions
from webapp.services.analysis.analysed_media import AnalysedMedia, PixelCache
from webapp.services.analysis.analysis_store import AnalysisStore, StoredAnalysis
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.evidence import EvidenceService
from webapp.services.storage.kept_media import KeptMediaService

FRAMES = 6
CLIP = ROOT / "webapp" / "examples" / "clip.mp4"


class CountingReader:
    """Decodes in this process and counts the requests per kind."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()

    def picture(self, path: Path, *, warn: Warn = ignore_caution) -> Picture:
        self.requests["image"] += 1
        return IN_PROCESS.picture(path, warn=warn)

    def image(self, path: Path, *, warn: Warn = ignore_caution) -> RGBImage:
        self.requests["image"] += 1
        return IN_PROCESS.image(path, warn=warn)

    def provenance(self, path: Path) -> Provenance:
        self.requests["provenance"] += 1
        return IN_PROCESS.provenance(path)

    def frames(self, path: Path, count: int, *, warn: Warn = ignore_caution) -> Generator[Frame]:
        self.requests["frames"] += 1
        return IN_PROCESS.frames(path, count, warn=warn)

    def frames_at(self, path: Path, times: Sequence[float]) -> Generator[Frame]:
        self.requests["frames_at"] += 1
        return IN_PROCESS.frames_at(path, times)

    def length(self, path: Path) -> float:
        self.requests["length"] += 1
        return IN_PROCESS.length(path)

    def film(self, path: Path, *, size: tuple[int, int], seconds: float) -> Generator[Frame]:
        self.requests["film"] += 1
        return IN_PROCESS.film(path, size=size, seconds=seconds)


class Visit:
    """Services over one counting reader."""

    def __init__(
        self,
        sessions: Sessions,
        keeping: KeptMediaService,
        detector: Detector,
        reader: CountingReader,
        folder: Path,
    ) -> None:
        self.reader = reader
        self.cache = PixelCache()
        self.analysis = AnalysisService(
            detector, AnalysisStore(sessions, kept_media=keeping), Jobs(), frames=FRAMES
        )
        self.evidence = EvidenceService(detector, reader, folder=folder, cache=self.cache)

    def analyse(self, path: Path) -> tuple[AnalysedMedia, StoredAnalysis]:
        media = self.evidence.open_media(path)
        analysed = self.analysis.analyse(path, consent=True, media=media)
        assert analysed.result.outcome == "verdict"
        return media, analysed


@pytest.fixture(scope="module")
def reader() -> CountingReader:
    return CountingReader()


@pytest.fixture(scope="module")
def counted(reader: CountingReader) -> Detector:
    return Detector.from_weights("starter", device="cpu", runtime="eager", reader=reader)


@pytest.fixture
def visit(
    sessions: Sessions, keeping: KeptMediaService, counted: Detector, reader: CountingReader, tmp_path: Path
) -> Visit:
    reader.requests.clear()
    return Visit(sessions, keeping, counted, reader, tmp_path)


def test_a_photo_is_decoded_once_for_the_whole_visit(visit: Visit, samples: Path) -> None:
    media, analysed = visit.analyse(samples / "two_people.jpg")
    assert media.picture().shape == (661, 1126, 3)
    checks = visit.evidence.start_stability_check(media, analysed.result).result()
    assert len(checks) == 2
    assert all(visit.evidence.consistency(media, analysed.result))
    assert visit.evidence.report_json(media, analysed, checks=checks)["images"]
    assert visit.evidence.report_pdf(media, analysed, checks=checks).startswith(b"%PDF")
    assert visit.reader.requests == {"image": 1, "provenance": 1}


def test_a_clip_is_decoded_once_and_again_only_for_its_overlay(visit: Visit) -> None:
    media, analysed = visit.analyse(CLIP)
    looks = dict(visit.reader.requests)  # the first look, and a second one at suspicious passages
    assert looks["frames"] == 1
    moments = media.moments(analysed.result)
    assert [moment.time for moment in moments] == sorted(moment.time for moment in moments)
    checks = visit.evidence.stabilities(media, analysed.result)
    visit.evidence.report_json(media, analysed, checks=checks)
    visit.evidence.report_pdf(media, analysed, checks=checks)
    assert visit.reader.requests == looks
    visit.evidence.overlay_clip(CLIP, analysed.result)
    assert visit.reader.requests == {**looks, "film": 1, "length": 1}


def test_the_frames_in_memory_are_those_that_decoding_again_gives(visit: Visit) -> None:
    media, analysed = visit.analyse(CLIP)
    looks = visit.reader.requests["frames_at"]
    remembered = media.moments(analysed.result)
    media.release()
    decoded = media.moments(analysed.result)
    assert [moment.time for moment in remembered] == [moment.time for moment in decoded]
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(remembered, decoded, strict=True))
    assert visit.reader.requests == {"frames": 1, "frames_at": looks + 1, "provenance": 1}
    assert visit.cache.stats().bytes == 0, "after the release nothing is kept"


def test_a_clip_keeps_only_its_most_suspicious_frames(visit: Visit) -> None:
    _, analysed = visit.analyse(CLIP)
    assert analysed.result.size is not None
    width, height = analysed.result.size
    assert visit.cache.stats().bytes == 4 * width * height * 3


def test_a_deleted_result_frees_its_pixels(visit: Visit, samples: Path) -> None:
    _, analysed = visit.analyse(samples / "two_people.jpg")
    _, other = visit.analyse(samples / "official_portrait_2012.jpg")
    assert analysed.receipt
    assert other.receipt
    visit.cache.release_receipt(analysed.receipt)
    assert visit.cache.stats().files == 1
    visit.cache.release_receipt(other.receipt)
    assert visit.cache.stats().files == 0


def picture(value: int) -> Frame:
    """A grey picture of 300 bytes."""
    return Frame(np.full((10, 10, 3), value, np.uint8), 0.0)


def media_of(cache: PixelCache, reader: CountingReader | None = None) -> AnalysedMedia:
    return AnalysedMedia(Path("none"), reader or CountingReader(), cache)


def test_the_least_recently_used_file_is_evicted_and_decoded_again(samples: Path) -> None:
    reader, cache = CountingReader(), PixelCache(total_bytes=700)
    evicted = AnalysedMedia(samples / "two_people.jpg", reader, cache)
    used, newest = media_of(cache, reader), media_of(cache, reader)
    evicted.add(picture(0))
    used.add(picture(1))
    newest.add(picture(2))
    assert cache.stats().bytes == 600
    assert used.picture()[0, 0, 0] == 1
    assert reader.requests == {}
    assert evicted.picture().shape == (661, 1126, 3)
    assert reader.requests == {"image": 1}


def test_a_file_over_its_own_budget_drops_its_earliest_unprotected_pictures() -> None:
    cache = PixelCache(file_bytes=700)
    media = media_of(cache)
    for time in (0.0, 1.0, 2.0):
        cache.add(media, Frame(picture(0).rgb, time), protected=(0.0,))
    assert sorted(cache.pictures(media)) == [0.0, 2.0]


def test_unused_pixels_are_released_by_the_clock() -> None:
    now = [0.0]
    cache = PixelCache(clock=lambda: now[0])
    old, recent = media_of(cache), media_of(cache)
    old.add(picture(0))
    now[0] = 50.0
    recent.add(picture(0))
    now[0] = 70.0
    cache.sweep(60.0)
    assert cache.stats().files == 1
    assert cache.pictures(recent)
