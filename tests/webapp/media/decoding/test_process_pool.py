"""Decoder processes return the same pixels as decoding in place, and fail cleanly."""

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

from laanet_core.errors import Cancelled, UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.interruption import interruptible
from laanet_core.media.video import read_at, read_film, read_frames, read_length
from tests.core.clips import cut_clip, damage_clip, moving, write_clip, write_pages, write_sound
from tests.webapp import private
from webapp.domain.errors import Unable
from webapp.media.decoding.confinement import Limits
from webapp.media.decoding.process_pool import DecoderPool, Replacement
from webapp.media.decoding.shared_memory import SharedBuffer
from webapp.media.decoding.worker_process import WorkerProcess
from webapp.media.stripping import bare

Pixels = npt.NDArray[np.uint8]
# Time limit of the fixture `hasty`.
HASTY_SECONDS = 1

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def rgb(samples: Path) -> Pixels:
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[:200, 100:340])


@pytest.fixture
def one() -> DecoderPool:
    """Return a pool of one worker."""
    return DecoderPool(most=1, megabytes=512, seconds=20)


@pytest.fixture
def hasty() -> DecoderPool:
    """Return a pool of one worker that has a second per file."""
    made = DecoderPool(most=1, megabytes=512, seconds=HASTY_SECONDS)
    made.wait_until_ready()
    return made


def frames(rgb: Pixels, count: int) -> list[Pixels]:
    return [np.roll(rgb, 5 * number, axis=1) for number in range(count)]


def code_of(deed: Callable[[], object]) -> str:
    with pytest.raises(UnreadableMedia) as caught:
        deed()
    assert caught.value.message.endswith(".")
    return caught.value.code


def idle_worker(decoders: DecoderPool) -> int:
    """Return the process id of the idle worker, once there is one."""
    deadline = time.monotonic() + 30
    while not (idle := decoders.stats().idle) and time.monotonic() < deadline:
        time.sleep(0.01)
    return idle[-1]


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF", "JPEG", "WEBP", "AVIF", "HEIF"])
def test_images_equal_decoding_in_place(
    decoders: DecoderPool, rgb: Pixels, file: Path, form: str, caplog: pytest.LogCaptureFixture
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
    assert caplog.records == []


@pytest.mark.parametrize(
    "compression",
    ["raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "lzma", "zstd"],
)
def test_every_compression_of_tiff(decoders: DecoderPool, rgb: Pixels, file: Path, compression: str) -> None:
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
def test_clips_equal_decoding_in_place(
    decoders: DecoderPool,
    rgb: Pixels,
    tmp_path: Path,
    name: str,
    codec: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clip = write_clip(tmp_path / name, frames(rgb, 20), codec=codec)
    assert decoders.length(clip) == read_length(clip)
    films = (decoders.film(clip, size=(64, 48), seconds=1.0), read_film(clip, size=(64, 48), seconds=1.0))
    at = (decoders.frames_at(clip, [0.1, 1.3]), read_at(clip, [0.1, 1.3]))
    for found, wanted in ((decoders.frames(clip, 7), read_frames(clip, 7)), films, at):
        for frame, other in zip(found, wanted, strict=True):
            assert (frame.time, frame.passage) == (other.time, other.passage)
            assert np.array_equal(frame.rgb, other.rgb)
    assert decoders.bare(clip) == bare(clip)
    assert caplog.records == []


@pytest.mark.parametrize("times", [None, [float(number) for number in range(40)]], ids=["fade", "slow"])
def test_shots_are_found_as_in_place(
    decoders: DecoderPool, samples: Path, rgb: Pixels, tmp_path: Path, times: list[float] | None
) -> None:
    """A confined worker imports nothing, so everything that shots need must be loaded before."""
    other = read_image(samples / "two_people.jpg")[:200, 200:440]
    shares = np.clip((np.arange(40) - 16) / (1 if times else 8), 0, 1)
    pictures = [((1 - share) * rgb + share * other).astype(np.uint8) for share in shares]
    clip = write_clip(tmp_path / "a.mp4", pictures, rate=10, times=times)
    passages = [(frame.time, frame.passage) for frame in read_frames(clip, 16)]
    assert [(frame.time, frame.passage) for frame in decoders.frames(clip, 16)] == passages
    assert {passage.shot for _, passage in passages if passage is not None} >= {0, 1}


def test_bad_files_have_the_same_codes(decoders: DecoderPool, rgb: Pixels, file: Path) -> None:
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


def test_a_clip_can_be_left_at_any_frame(one: DecoderPool, rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 20), codec="libx264")
    with one:
        first = idle_worker(one)
        for many in (1, 3, 7):
            found = one.frames(clip, 7)
            for _ in range(many):
                next(found)
            found.close()
        assert len(list(one.frames(clip, 7))) == 7
        assert idle_worker(one) == first


@linux
def test_worker_has_no_secrets_of_the_server(decoders: DecoderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LENS_DATABASE_URL", "postgresql://lens:secret@db/lens")
    with DecoderPool(most=1, megabytes=512, seconds=5) as made:
        process = Path("/proc") / str(idle_worker(made))
        status = dict(
            line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line
        )
        assert (status["NoNewPrivs"], status["Seccomp"], status["Threads"]) == ("1", "2", "1")
        if os.geteuid() == 0:  # a process that cannot be traced shows these to root only
            assert b"secret" not in (process / "environ").read_bytes()
            assert len(list((process / "fd").iterdir())) == 4  # three to nowhere, one to the server
            maps = (process / "maps").read_text()
            assert "libavcodec" in maps
            for package in ("/torch/", "/gradio/", "/sqlalchemy/"):
                assert package not in maps


def test_killed_worker_is_reported_and_replaced(one: DecoderPool, rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 30), codec="libx264")
    with one:
        found = one.frames(clip, 10)
        next(found)
        (busy,) = one.stats().busy
        os.kill(busy, signal.SIGKILL)
        assert code_of(lambda: list(found)) == "decoder_died"
        assert len(list(one.frames(clip, 10))) == 10
        # The death of an idle worker is reported to no request.
        waiting = idle_worker(one)
        os.kill(waiting, signal.SIGKILL)
        time.sleep(0.1)
        assert len(list(one.frames(clip, 10))) == 10


def test_stopped_worker_is_given_up_after_the_time_limit(hasty: DecoderPool, rgb: Pixels, file: Path) -> None:
    file.write_bytes(private.picture(rgb, "PNG"))
    with hasty:
        waiting = idle_worker(hasty)
        # It never answers, so only the limit ends the request.
        os.kill(waiting, signal.SIGSTOP)
        began = time.monotonic()
        assert code_of(lambda: hasty.image(file)) == "decoding_too_slow"
        assert time.monotonic() - began >= HASTY_SECONDS
        assert idle_worker(hasty) != waiting


def test_worker_that_stops_during_a_clip_is_replaced(rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 30), codec="libx264")
    with DecoderPool(most=1, megabytes=512, seconds=4) as pool:
        found = pool.frames(clip, 10)
        next(found)
        (busy,) = pool.stats().busy
        os.kill(busy, signal.SIGSTOP)
        assert code_of(lambda: list(found)) == "decoding_too_slow"
        idle_worker(pool)
        assert len(list(pool.frames(clip, 10))) == 10


def end_after(seconds: float) -> Callable[[], None]:
    """Return a check that raises Cancelled from `seconds` after now on."""
    deadline = time.monotonic() + seconds

    def check() -> None:
        if time.monotonic() > deadline:
            raise Cancelled("The client has left.")

    return check


def test_busy_worker_is_killed_once_the_client_has_left(one: DecoderPool, rgb: Pixels, file: Path) -> None:
    file.write_bytes(private.picture(rgb, "PNG"))
    with one:
        waiting = idle_worker(one)
        # It decodes without end, as far as the server can see.
        os.kill(waiting, signal.SIGSTOP)
        began = time.monotonic()
        with interruptible(end_after(0.3)), pytest.raises(Cancelled):
            one.image(file)
        assert time.monotonic() - began < 3
        assert idle_worker(one) != waiting
        assert one.image(file).shape == rgb.shape


def test_wait_for_a_worker_ends_once_the_client_has_left(
    one: DecoderPool, rgb: Pixels, file: Path, tmp_path: Path
) -> None:
    file.write_bytes(private.picture(rgb, "PNG"))
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 30), codec="libx264")
    with one:
        found = one.frames(clip, 10)
        next(found)
        began = time.monotonic()
        with interruptible(end_after(0.3)), pytest.raises(Cancelled):
            one.image(file)
        assert time.monotonic() - began < 3
        assert one.stats().waiting == 0
        assert len(list(found)) == 9


def test_slow_reader_is_no_slow_decoding(hasty: DecoderPool, rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 30), codec="libx264")
    with hasty:
        found = hasty.frames(clip, 4)
        for _ in range(3):
            next(found)
            time.sleep(0.5)
        assert len(list(found)) == 1


@linux
def test_memory_and_processor_time_are_limited(rgb: Pixels, file: Path) -> None:
    Image.new("RGB", (7000, 7000)).save(file, "PNG", compress_level=1)
    with DecoderPool(most=1, megabytes=256, seconds=45) as small:
        assert code_of(lambda: small.image(file)) == "decoding_too_large"
        file.write_bytes(private.picture(rgb, "PNG"))
        assert small.image(file).shape == rgb.shape
    Image.new("RGBA", (6000, 6000)).save(file, "PNG", compress_level=1)
    decoder = WorkerProcess.start(Limits(megabytes=1024, seconds=1))

    def read_again_and_again() -> None:
        # The limit covers the whole life of a worker; a fast processor decodes one image in under a second.
        for _ in range(30):
            with file.open("rb") as opened, SharedBuffer(6000 * 6000 * 3) as area:
                decoder.ask({"do": "image"}, opened, area)
                while "end" not in decoder.answer(45):
                    pass

    try:
        assert code_of(read_again_and_again) == "decoding_too_slow"
    finally:
        decoder.kill()


def test_requests_wait_for_a_worker_or_are_refused(
    hasty: DecoderPool, rgb: Pixels, tmp_path: Path, file: Path
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


def test_threads_get_their_own_images(decoders: DecoderPool, tmp_path: Path) -> None:
    def decode(number: int) -> bool:
        path = tmp_path / str(number)
        Image.new("RGB", (64 + number, 64), (number, 0, 0)).save(path, "PNG")
        rgb = decoders.image(path)
        return rgb.shape == (64, 64 + number, 3) and bool((rgb[..., 0] == number).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(decode, range(100)))


def test_worker_is_replaced_after_some_files_once_the_pool_is_idle(rgb: Pixels, file: Path) -> None:
    file.write_bytes(private.picture(rgb, "PNG"))
    rules = Replacement(idle_uses=5, idle_seconds=1.0)
    with DecoderPool(most=1, megabytes=512, seconds=20, replacement=rules) as pool:
        workers = set()
        for _ in range(3 * rules.idle_uses):
            workers.add(idle_worker(pool))
            pool.image(file)
        assert len(workers) == 1
        deadline = time.monotonic() + rules.idle_seconds + 30
        while idle_worker(pool) in workers and time.monotonic() < deadline:
            time.sleep(0.05)
        assert idle_worker(pool) not in workers
        assert pool.image(file).shape == rgb.shape


def test_no_worker_is_replaced_while_requests_keep_coming(rgb: Pixels, file: Path) -> None:
    file.write_bytes(private.picture(rgb, "PNG"))
    rules = Replacement(idle_uses=1, idle_seconds=1.0, max_uses=1_000_000)
    with DecoderPool(most=1, megabytes=512, seconds=20, replacement=rules) as pool:
        worker = idle_worker(pool)
        deadline = time.monotonic() + 2 * rules.idle_seconds
        with ThreadPoolExecutor(2) as threads:
            while time.monotonic() < deadline:
                assert all(rgb.shape == found.shape for found in threads.map(pool.image, [file] * 4))
        assert pool.stats().idle == (worker,)


def test_worker_is_replaced_after_many_files_even_under_load(rgb: Pixels, file: Path) -> None:
    file.write_bytes(private.picture(rgb, "PNG"))
    rules = Replacement(idle_uses=5, idle_seconds=1e6, max_uses=20)
    with DecoderPool(most=1, megabytes=512, seconds=20, replacement=rules) as pool:
        workers = []
        for _ in range(2 * rules.max_uses):
            workers.append(idle_worker(pool))
            pool.image(file)
        assert [workers.count(pid) for pid in dict.fromkeys(workers)] == [rules.max_uses, rules.max_uses]


@linux
def test_close_leaves_nothing_behind(rgb: Pixels, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", frames(rgb, 10), codec="libx264")
    before, threads = set(Path("/proc/self/fd").iterdir()), threading.active_count()
    with DecoderPool(most=2, megabytes=512, seconds=5) as made:
        found = made.frames(clip, 4)
        next(found)
        stats = made.stats()
        pids = [*stats.idle, *stats.busy]
    assert code_of(lambda: list(found)) == "decoder_died"
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert set(Path("/proc/self/fd").iterdir()) == before
    assert threading.active_count() == threads


def test_forked_process_starts_its_own_workers(decoders: DecoderPool, rgb: Pixels, file: Path) -> None:
    """Fork, as ZeroGPU does for each call."""
    file.write_bytes(private.picture(rgb, "PNG"))
    mine = set(decoders.stats().idle)
    inner, outer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            fine = decoders.image(file).shape == rgb.shape and not mine & set(decoders.stats().idle)
            os.write(outer, b"y" if fine else b"n")
            decoders.close()
        finally:
            # End without the cleanup of pytest.
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert os.read(inner, 1) == b"y"
    os.close(inner)
    os.close(outer)
    assert decoders.image(file).shape == rgb.shape


def test_confinement_is_logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    with caplog.at_level(logging.INFO), DecoderPool(most=1, megabytes=512, seconds=5) as made:
        made.wait_until_ready()
        idle_worker(made)
    assert "512 MB" in caplog.text
    if sys.platform == "linux":
        assert "Landlock" in caplog.text
        assert "seccomp" in caplog.text


def test_failure_to_start_is_reported(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        DecoderPool(most=1, megabytes=512, seconds=5) as made,
        pytest.raises(Unable, match="cannot be started") as caught,
    ):
        made.wait_until_ready()
    assert caught.value.code == "no_decoder"
    assert "a decoder could not be started" in caplog.text


def test_cautions_equal_decoding_in_place(decoders: DecoderPool, rgb: Pixels, tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "clip.mp4", moving(40), movflags="faststart")
    clips = {"cut_short": cut_clip(whole, 0.5), "damaged_parts": damage_clip(whole, 0.5, 0.6), None: whole}
    for caution, clip in clips.items():
        for reader in (decoders.frames, read_frames):
            found: set[str] = set()
            assert list(reader(clip, 8, warn=found.add))
            assert found == ({caution} - {None})
    still = tmp_path / "still.gif"
    Image.fromarray(rgb).save(still)
    for file, cautions in (
        (write_pages(tmp_path / "a.tif", [rgb, rgb[::-1]]), ["first_picture_only"]),
        (still, []),
    ):
        for picture in (decoders.image, read_image):
            reported: list[str] = []
            picture(file, warn=reported.append)
            assert reported == cautions
