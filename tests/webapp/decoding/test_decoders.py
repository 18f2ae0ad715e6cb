"""Files decoded by workers: the same pixels as in place, and a clean end whatever becomes of a worker."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.video import read_film, read_frames, read_length
from tests.core.clips import cut_clip, damage_clip, moving, write_animation, write_clip, write_sound
from tests.webapp import private
from webapp.domain.errors import Unable
from webapp.media.decoding import decoders as module
from webapp.media.decoding.area import Area
from webapp.media.decoding.confinement import Limits
from webapp.media.decoding.decoder import Decoder
from webapp.media.decoding.decoders import Decoders
from webapp.media.stripping import bare

Pixels = npt.NDArray[np.uint8]
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def rgb(samples: Path) -> Pixels:
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[:200, 100:340])


@pytest.fixture
def one() -> Decoders:
    """A single worker."""
    return Decoders(most=1, megabytes=512, seconds=20)


@pytest.fixture
def hasty() -> Decoders:
    """A single worker, that has a second for a file."""
    made = Decoders(most=1, megabytes=512, seconds=1)
    made.wait_until_ready()
    return made


def frames(rgb: Pixels, count: int) -> list[Pixels]:
    return [np.roll(rgb, 5 * number, axis=1) for number in range(count)]


def code_of(deed: Callable[[], object]) -> str:
    with pytest.raises(UnreadableMedia) as caught:
        deed()
    assert caught.value.message.endswith(".")
    return caught.value.code


def only_worker(decoders: Decoders) -> Decoder:
    """The one that waits."""
    deadline = time.monotonic() + 30
    while not decoders._idle and time.monotonic() < deadline:
        time.sleep(0.01)
    return decoders._idle[-1]


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF", "JPEG", "WEBP", "AVIF", "HEIF"])
def test_pictures_are_the_same_as_in_place(
    decoders: Decoders, rgb: Pixels, file: Path, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    pillow_heif.register_heif_opener()
    file.write_bytes(private.picture(rgb, form, orientation=6 if form in ("JPEG", "PNG", "TIFF") else 1))
    found = decoders.image(file)
    assert np.array_equal(found, read_image(file))
    assert (found.dtype, found.flags.c_contiguous, found.flags.writeable, found.flags.owndata) == (
        np.uint8,
        True,
        True,
        True,
    )
    stripped, in_place = decoders.bare(file), bare(file)
    assert stripped == in_place
    assert caplog.records == []  # no module was missing


@pytest.mark.parametrize(
    "compression",
    ["raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "lzma", "zstd"],
)
def test_every_compression_of_tiff(decoders: Decoders, rgb: Pixels, file: Path, compression: str) -> None:
    image = Image.fromarray(rgb).convert("1") if compression == "group4" else Image.fromarray(rgb)
    image.save(file, "TIFF", compression=compression)
    assert np.array_equal(decoders.image(file), read_image(file))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "libx265"),
        ("a.mkv", "libvpx-vp9"),
        ("a.webm", "libvpx"),
        ("a.mp4", "mpeg4"),
    ],
)
def test_clips_are_the_same_as_in_place(
    decoders: Decoders, rgb: Pixels, tmp_path: Path, name: str, codec: str, caplog: pytest.LogCaptureFixture
) -> None:
    clip = write_clip(tmp_path / name, frames(rgb, 20), codec=codec)
    assert decoders.length(clip) == read_length(clip)
    films = (decoders.film(clip, size=(64, 48), seconds=1.0), read_film(clip, size=(64, 48), seconds=1.0))
    for found, wanted in ((decoders.frames(clip, 7), read_frames(clip, 7)), films):
        for frame, other in zip(found, wanted, strict=True):
            assert frame.time == other.time
            assert np.array_equal(frame.rgb, other.rgb)
    assert decoders.bare(clip) == bare(clip)
    assert caplog.records == []


def test_bad_files_have_the_same_codes(decoders: Decoders, rgb: Pixels, file: Path) -> None:
    jpeg = private.picture(rgb, "JPEG")
    for content in (
        b"",
        b"words",
        jpeg[: len(jpeg) // 3],
        b"\x1aE\xdf\xa3" + bytes(50),
        jpeg[:4] + bytes(400),
    ):
        file.write_bytes(content)
        assert code_of(lambda: decoders.image(file)) == code_of(lambda: read_image(file))
        assert code_of(lambda: next(decoders.frames(file, 3))) == code_of(lambda: next(read_frames(file, 3)))
    write_sound(file.with_suffix(".mp4"))
    assert code_of(lambda: decoders.length(file.with_suffix(".mp4"))) == "no_frames"
    assert code_of(lambda: decoders.image(file.parent / "gone")) == "file_not_found"
    assert code_of(lambda: decoders.image(file.parent)) == "file_not_found"


def test_a_clip_can_be_left_at_any_frame(one: Decoders, rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 20), codec="libx264")
    with one:
        first = only_worker(one).pid
        for many in (1, 3, 7):
            found = one.frames(clip, 7)
            for _ in range(many):
                next(found)
            found.close()
        assert len(list(one.frames(clip, 7))) == 7
        assert only_worker(one).pid == first


@linux
def test_a_worker_has_nothing_of_the_servers(decoders: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LENS_DATABASE_URL", "postgresql://lens:secret@db/lens")
    with Decoders(most=1, megabytes=512, seconds=5) as made:
        process = Path("/proc") / str(only_worker(made).pid)
        status = dict(
            line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line
        )
        assert (status["NoNewPrivs"], status["Seccomp"], status["Threads"]) == ("1", "2", "1")
        if os.geteuid() == 0:  # a process that cannot be traced shows these to root only
            assert b"secret" not in (process / "environ").read_bytes()
            assert len(list((process / "fd").iterdir())) == 4  # three to nowhere, one to the server
            maps = (process / "maps").read_text()
            assert "libavcodec" in maps
            for package in ("/torch/", "/cv2/", "/gradio/", "/sqlalchemy/"):
                assert package not in maps


def test_a_worker_that_is_killed_in_the_middle_is_an_answer(
    one: Decoders, rgb: Pixels, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 30), codec="libx264")
    with one:
        found = one.frames(clip, 10)
        next(found)
        (lent,) = one._lent
        os.kill(lent.pid, signal.SIGKILL)
        assert code_of(lambda: list(found)) == "decoder_died"
        assert len(list(one.frames(clip, 10))) == 10
        waiting = only_worker(one).pid  # and one that is killed while it waits is nobody's answer
        os.kill(waiting, signal.SIGKILL)
        time.sleep(0.1)
        assert len(list(one.frames(clip, 10))) == 10


def test_a_worker_that_stops_is_given_up(hasty: Decoders, rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 30), codec="libx264")
    with hasty:
        found = hasty.frames(clip, 10)
        next(found)
        (lent,) = hasty._lent
        os.kill(lent.pid, signal.SIGSTOP)
        began = time.monotonic()
        assert code_of(lambda: list(found)) == "decoding_too_slow"
        assert 0.9 < time.monotonic() - began < 3
        only_worker(hasty)  # another one
        assert len(list(hasty.frames(clip, 10))) == 10


def test_who_reads_slowly_is_not_too_slow(hasty: Decoders, rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 30), codec="libx264")
    with hasty:
        found = hasty.frames(clip, 4)
        for _ in range(3):
            next(found)
            time.sleep(0.5)
        assert len(list(found)) == 1


@linux
def test_memory_and_processor_time_have_an_end(rgb: Pixels, file: Path) -> None:
    Image.new("RGB", (7000, 7000)).save(file, "PNG", compress_level=1)
    with Decoders(most=1, megabytes=256, seconds=45) as small:
        assert code_of(lambda: small.image(file)) == "decoding_too_large"
        file.write_bytes(private.picture(rgb, "PNG"))
        assert small.image(file).shape == rgb.shape
    Image.new("RGBA", (6000, 6000)).save(file, "PNG", compress_level=1)
    decoder = Decoder.start(Limits(megabytes=1024, seconds=1))

    def read_again_and_again() -> None:
        for _ in range(
            30
        ):  # its time is counted over its whole life; a fast processor needs less than a second for one
            with file.open("rb") as opened, Area(6000 * 6000 * 3) as area:
                decoder.ask({"do": "image"}, opened, area)
                while "end" not in decoder.answer(45):
                    pass

    try:
        assert code_of(read_again_and_again) == "decoding_too_slow"
    finally:
        decoder.kill()


def test_more_files_than_workers_wait_or_are_turned_away(
    hasty: Decoders, rgb: Pixels, tmp_path: Path, file: Path
) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 10), codec="libx264")
    file.write_bytes(private.picture(rgb, "PNG"))
    with hasty:
        found = hasty.frames(clip, 4)
        next(found)
        assert code_of(lambda: hasty.image(file)) == "decoders_busy"
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(hasty.image, file)
            time.sleep(0.2)
            found.close()
            assert waiting.result(timeout=10).shape == rgb.shape


def test_many_threads_get_their_own_pictures(decoders: Decoders, tmp_path: Path) -> None:
    def decode(number: int) -> bool:
        path = tmp_path / str(number)
        Image.new("RGB", (64 + number, 64), (number, 0, 0)).save(path, "PNG")
        rgb = decoders.image(path)
        return rgb.shape == (64, 64 + number, 3) and bool((rgb[..., 0] == number).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(decode, range(100)))  # and workers are replaced meanwhile


def test_workers_are_replaced_after_a_number_of_files_once_nobody_asks(
    one: Decoders, rgb: Pixels, file: Path
) -> None:
    file.write_bytes(private.picture(rgb, "PNG"))
    with one:
        seen = set()
        for _ in range(module.USES):
            seen.add(only_worker(one).pid)
            one.image(file)
        assert len(seen) == 1
        deadline = time.monotonic() + module.QUIET_SECONDS + 30
        while only_worker(one).pid in seen and time.monotonic() < deadline:
            time.sleep(0.05)
        assert only_worker(one).pid not in seen
        assert one.image(file).shape == rgb.shape


def test_no_worker_is_replaced_while_somebody_waits_for_one(
    one: Decoders, rgb: Pixels, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "USES", 1)
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.2)
    file.write_bytes(private.picture(rgb, "PNG"))
    with one:
        worker = only_worker(one)
        with one._changed:
            one._waiting = 1
        one.image(file)
        time.sleep(1)
        assert one._idle == [worker]
        with one._changed:
            one._waiting = 0
            one._changed.notify_all()
        deadline = time.monotonic() + 30
        while only_worker(one) is worker and time.monotonic() < deadline:
            time.sleep(0.05)
        assert only_worker(one) is not worker


def test_workers_are_replaced_after_many_files_whoever_asks(
    one: Decoders, rgb: Pixels, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "USES", 5)
    monkeypatch.setattr(module, "MOST_USES", 20)
    monkeypatch.setattr(module, "QUIET_SECONDS", 1e6)
    file.write_bytes(private.picture(rgb, "PNG"))
    with one:
        seen = []
        for _ in range(2 * module.MOST_USES):
            seen.append(only_worker(one).pid)
            one.image(file)
        assert [seen.count(pid) for pid in dict.fromkeys(seen)] == [module.MOST_USES, module.MOST_USES]


@linux
def test_nothing_stays_when_it_is_closed(rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 10), codec="libx264")
    before, threads = set(Path("/proc/self/fd").iterdir()), threading.active_count()
    with Decoders(most=2, megabytes=512, seconds=5) as made:
        found = made.frames(clip, 4)
        next(found)
        pids = [decoder.pid for decoder in (*made._idle, *made._lent)]
    assert code_of(lambda: list(found)) == "decoder_died"
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert set(Path("/proc/self/fd").iterdir()) == before
    assert threading.active_count() == threads


def test_a_copy_of_the_server_gets_workers_of_its_own(decoders: Decoders, rgb: Pixels, file: Path) -> None:
    """On ZeroGPU analyses run in forked processes."""
    file.write_bytes(private.picture(rgb, "PNG"))
    mine = {decoder.pid for decoder in decoders._idle}
    inner, outer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            fine = decoders.image(file).shape == rgb.shape and not mine & {
                decoder.pid for decoder in decoders._idle
            }
            os.write(outer, b"y" if fine else b"n")
            decoders.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(inner, 1) == b"y"
    os.close(inner)
    os.close(outer)
    assert decoders.image(file).shape == rgb.shape


def test_the_log_says_what_holds_and_what_does_not(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.INFO), Decoders(most=1, megabytes=512, seconds=5) as made:
        made.wait_until_ready()
        only_worker(made)
    assert "512 MB" in caplog.text
    if sys.platform == "linux":
        assert "Landlock" in caplog.text
        assert "seccomp" in caplog.text


def test_a_server_whose_workers_do_not_come_up_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        Decoders(most=1, megabytes=512, seconds=5) as made,
        pytest.raises(Unable, match="cannot be started") as caught,
    ):
        made.wait_until_ready()
    assert caught.value.code == "no_decoder"
    assert "a decoder could not be started" in caplog.text


def test_what_was_read_in_part_is_told_as_in_place(decoders: Decoders, rgb: Pixels, tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "clip.mp4", moving(40), movflags="faststart")
    clips = {"cut_short": cut_clip(whole, 0.5), "damaged_parts": damage_clip(whole, 0.5, 0.6), None: whole}
    for caution, clip in clips.items():
        for reader in (decoders.frames, read_frames):
            told: set[str] = set()
            assert list(reader(clip, 8, warn=told.add))
            assert told == ({caution} - {None})
    still = tmp_path / "still.gif"
    Image.fromarray(rgb).save(still)
    for file, cautions in (
        (write_animation(tmp_path / "a.gif", [rgb, rgb[::-1]]), ["first_picture_only"]),
        (still, []),
    ):
        for picture in (decoders.image, read_image):
            heard: list[str] = []
            picture(file, warn=heard.append)
            assert heard == cautions
