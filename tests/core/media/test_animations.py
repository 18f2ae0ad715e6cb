from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media import animations
from laanet_core.media.animations import is_animation, read_timeline
from laanet_core.media.images import read_image, sniff_file
from laanet_core.media.video import read_at, read_film, read_frames, read_length
from laanet_core.types import RGBImage

ENDINGS = ["gif", "webp", "png", "avif"]


@pytest.fixture(scope="module")
def portrait(samples: Path) -> RGBImage:
    return np.asarray(cv2.resize(read_image(samples / "astronaut.png"), (96, 80)), np.uint8)


def animated(path: Path, pictures: list[RGBImage], durations: list[int]) -> Path:
    first, *others = (Image.fromarray(picture) for picture in pictures)
    options = {"lossless": True} if path.suffix == ".webp" else {}
    first.save(path, save_all=True, append_images=others, duration=durations, **options)
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_animation_is_a_clip(tmp_path: Path, portrait: RGBImage, ending: str) -> None:
    pictures = [portrait, portrait[:, ::-1], 255 - portrait]
    path = animated(tmp_path / f"a.{ending}", pictures, [500, 2000, 500])
    assert sniff_file(path) == "video"
    assert read_length(path) == pytest.approx(3.0)
    frames = list(read_frames(path, 8))
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.5, 2.5])
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.abs(frame.rgb.astype(int) - picture).mean() < 12
    again = list(read_at(path, [frame.time for frame in frames]))
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(frames, again, strict=True))
    film = list(read_film(path, size=(48, 40), seconds=2.0))
    assert [frame.rgb.shape for frame in film] == [(40, 48, 3)] * 2


@pytest.mark.parametrize("ending", ENDINGS)
def test_animation_of_one_frame_is_a_picture(tmp_path: Path, portrait: RGBImage, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    Image.fromarray(portrait).save(path, save_all=True)
    assert sniff_file(path) == "image"
    assert read_image(path).shape == (80, 96, 3)


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_cut_animation_is_read_up_to_its_end(tmp_path: Path, portrait: RGBImage, ending: str) -> None:
    pictures = [np.roll(portrait, 7 * number, 1) for number in range(6)]
    path = animated(tmp_path / f"a.{ending}", pictures, [500] * 6)
    path.write_bytes(path.read_bytes()[: int(0.7 * path.stat().st_size)])
    cautions: list[str] = []
    frames = list(read_frames(path, 8, warn=cautions.append))
    assert 2 <= len(frames) < 6
    assert "cut_short" in cautions


def test_transparent_frames_are_on_white(tmp_path: Path) -> None:
    clear, red = Image.new("RGBA", (40, 30), (0, 0, 0, 0)), Image.new("RGBA", (40, 30), (255, 0, 0, 255))
    path = tmp_path / "a.png"
    clear.save(path, save_all=True, append_images=[red], duration=300)
    first, second = read_frames(path, 4)
    assert (first.rgb == 255).all()
    assert second.rgb[5, 5].tolist() == [255, 0, 0]


def test_shortest_durations_are_those_of_browsers(tmp_path: Path, portrait: RGBImage) -> None:
    path = animated(tmp_path / "a.gif", [portrait, 255 - portrait], [0, 10])
    assert read_length(path) == pytest.approx(0.2)


def test_limits_hold_for_animations(tmp_path: Path, portrait: RGBImage) -> None:
    path = animated(tmp_path / "a.gif", [portrait, 255 - portrait], [20_000, 20_000])
    for limits, code in (({"max_seconds": 30.0}, "video_too_long"), ({"max_pixels": 100}, "too_many_pixels")):
        with pytest.raises(UnreadableMedia) as caught:
            list(read_frames(path, 2, **limits))
        assert caught.value.code == code


def test_decoding_of_an_animation_ends_with_its_time(
    tmp_path: Path, portrait: RGBImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = animated(tmp_path / "a.webp", [portrait, portrait[:, ::-1], 255 - portrait], [500] * 3)
    monkeypatch.setattr(animations, "DECODING_SECONDS", 0.0)
    cautions: list[str] = []
    frames = list(read_frames(path, 8, warn=cautions.append))
    assert [frame.time for frame in frames] == [0.0]
    assert cautions == ["not_all_frames"]


def test_gif_that_ends_after_a_separator_is_a_picture(tmp_path: Path, portrait: RGBImage) -> None:
    content = animated(tmp_path / "a.gif", [portrait, 255 - portrait], [100, 100]).read_bytes()
    timeline = read_timeline(io.BytesIO(content), content[:64])
    assert timeline is not None
    assert len(timeline.durations) == 2
    place = content.rindex(b"\x21\xf9\x04") + 8
    assert content[place : place + 1] == b"\x2c"
    cut = content[: place + 1]
    assert not is_animation(io.BytesIO(cut), cut[:64])
    assert np.array_equal(read_image(cut), read_image(content))
