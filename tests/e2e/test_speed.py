"""Waiting times in a real browser, for a machine without other load (`make proof`)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from laanet_core.inference.clip_analysis import FRAMES
from tests.conftest import Server, served
from tests.core.clips import write_clip
from tests.e2e.conftest import ROOMY, Visit

pytestmark = pytest.mark.proof
# Limits in seconds
PAINT, PHOTO, CLIP = 2.0, 1.5, 12.0
TRIES = 5


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with the settings of `make run`."""
    with served(tmp_path_factory.mktemp("fresh"), LENS_FRAMES=str(FRAMES), LENS_RUNTIME="auto") as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, fresh: Server) -> Iterator[Visit]:
    context = browser.new_context(viewport=ROOMY)
    yield Visit(context.new_page(), fresh)
    context.close()


def answered(visit: Visit, path: Path) -> tuple[float, float]:
    """Return the seconds from the click to the table of faces, and to the stability strip."""
    visit.choose(path)
    began = time.monotonic()
    visit.page.click("#analyse")
    visit.page.wait_for_selector("#faces .lens-face", timeout=60_000)
    first = time.monotonic() - began
    visit.page.wait_for_selector("#faces .lens-strip", timeout=60_000)
    return first, time.monotonic() - began


def test_the_page_is_painted_soon(page: Visit) -> None:
    page.open()
    paint = page.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    usable = page.page.evaluate("performance.now()") / 1000
    print(f"\nfirst paint {paint:.2f} s, button there {usable:.2f} s")
    assert usable < PAINT


def test_a_photo_with_one_face_is_answered_at_once(page: Visit, samples: Path) -> None:
    times = [answered(page.open(), samples / "astronaut.png") for _ in range(TRIES)]
    print("\nphoto: answer, strip in seconds:", *(f"{first:.2f} {strip:.2f}," for first, strip in times))
    assert times[0][0] < PHOTO, "the first picture after the start"
    assert float(np.median([first for first, _ in times])) < PHOTO


def test_ten_seconds_of_video_are_answered_before_they_are_over(
    page: Visit, samples: Path, tmp_path: Path
) -> None:
    with Image.open(samples / "astronaut.png") as image:
        face = image.convert("RGB")
    ground = Image.fromarray(np.random.default_rng(7).integers(90, 110, (720, 1280, 3), dtype=np.uint8))
    frames = []
    for number in range(250):
        ground.paste(face, (100 + 2 * number, 100))
        frames.append(np.asarray(ground))
    clip = write_clip(tmp_path / "clip.mp4", frames, rate=25, codec="libx264")
    first, strip = answered(page.open(), clip)
    print(f"\n10 s at 1280 x 720: answer {first:.2f} s, strip {strip:.2f} s")
    assert first < CLIP
