"""Hostile and damaged files through the service that judges them."""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame
from laanet_core.modeling.loading import load_weights
from tests.core.clips import write_clip
from tests.webapp import private
from tests.webapp.media.decoding import bombs
from webapp.db.session import Sessions
from webapp.media.decoding.process_pool import DecoderPool
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService

Pixels = npt.NDArray[np.uint8]
CODES = {
    "corrupt_image",
    "too_many_pixels",
    "image_too_small",
    "corrupt_video",
    "no_frames",
    "video_too_long",
    "unsupported_type",
}
FORMS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
CODECS = {"mp4": "libx264", "mov": "mpeg4", "mkv": "libvpx-vp9", "webm": "libvpx", "avi": "mpeg4"}


@pytest.fixture(scope="module")
def judge(decoders: DecoderPool) -> Detector:
    return Detector(load_weights("starter"), "cpu", reader=decoders)


@pytest.fixture
def service(judge: Detector, sessions: Sessions) -> AnalysisService:
    return AnalysisService(judge, AnalysisStore(sessions), Jobs(), frames=4)


@pytest.fixture(scope="module")
def rgb(samples: Path) -> Pixels:
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[:120, 160:300])


def peak(pid: int | str) -> float:
    """Most memory that a process ever had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_bombs_are_refused_at_once_and_cost_no_memory(sessions: Sessions, tmp_path: Path) -> None:
    """Try 27 kinds of bombs. Files that turn out valid are analysed, in no more time."""
    outcomes: dict[str, str] = {}
    seconds: dict[str, float] = {}
    grown: dict[str, float] = {}  # MB, of the server and of the worker
    with DecoderPool(most=1, megabytes=1024, seconds=45) as decoders:
        service = AnalysisService(
            Detector(load_weights("starter"), "cpu", reader=decoders),
            AnalysisStore(sessions),
            Jobs(),
            frames=4,
        )
        made = {
            **{name: make() for name, make in bombs.PICTURES.items()},
            **{name: make(tmp_path) for name, make in bombs.CLIPS.items()},
        }
        for name, content in made.items():
            (tmp_path / "upload").write_bytes(content)
            decoders.wait_until_ready()
            Path("/proc/self/clear_refs").write_text("5")  # resets the peak
            before = peak("self"), {pid: peak(pid) for pid in decoders.stats().idle}
            began = time.monotonic()
            result = service.analyse(tmp_path / "upload").result
            outcomes[name] = result.error.code if result.error else result.outcome
            seconds[name] = time.monotonic() - began
            assert seconds[name] < (1 if result.error else 10), name
            workers = (peak(pid) - before[1][pid] for pid in decoders.stats().idle if pid in before[1])
            grown[name] = max(peak("self") - before[0], *workers, 0.0)
            most = (
                120 if name == "h264_8k" else 50
            )  # it is what it says, and its first picture is decoded to learn that
            assert peak("self") - before[0] < 50, name
            assert grown[name] < most, name
    refused = sorted(
        (seconds[name], grown[name], name) for name, outcome in outcomes.items() if outcome != "no_face"
    )
    print(
        f"{len(refused)} of {len(outcomes)} refused, in at most {refused[-1][0]:.2f} s; most memory:",
        sorted(grown.items(), key=lambda one: one[1])[-3:],
    )
    assert set(outcomes.values()) <= CODES | {"no_face"}
    harmless = {name for name, outcome in outcomes.items() if outcome == "no_face"}
    assert harmless == {"png_of_too_many_pixels_inside", "tiff_loop", "mp4_16k", "mkv_16k", "avi_of_streams"}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """One of: bits turned, a piece cut out, cut short, a piece said twice, zeros, the head of another."""
    broken, place = bytearray(content), chance.randrange(4, len(content))
    how = chance.randrange(6)
    if how == 0:
        for _ in range(chance.choice((1, 3, 30))):
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    elif how == 1:
        del broken[place : place + chance.randrange(1, 400)]
    elif how == 2:
        del broken[place:]
    elif how == 3:
        broken[place:place] = broken[place : place + chance.randrange(1, 400)]
    elif how == 4:
        broken[place : place + 64] = bytes(len(broken[place : place + 64]))
    else:
        for _ in range(chance.choice((1, 4))):
            at = chance.randrange(min(len(broken), 600))
            broken[at : at + 4] = chance.choice(
                (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x80\x00\x00\x00")
            )
    return bytes(broken)


def outcome(decoders: DecoderPool, file: Path, *, clip: bool) -> str:
    try:
        if clip:
            list(decoders.frames(file, 4))
        else:
            decoders.image(file)
    except UnreadableMedia as error:
        return error.code
    return "read"


@pytest.mark.parametrize("count", [15, pytest.param(1000, marks=pytest.mark.proof)])
@pytest.mark.parametrize("form", FORMS)
def test_damaged_pictures_are_answers(
    decoders: DecoderPool, rgb: Pixels, file: Path, form: str, count: int
) -> None:
    content, chance, found = private.picture(rgb, form), random.Random(form), Counter[str]()
    for _ in range(count):
        file.write_bytes(damaged(content, chance))
        began = time.monotonic()
        found[outcome(decoders, file, clip=False)] += 1
        assert time.monotonic() - began < 10
    print(f"{form}: {dict(found)}")
    assert set(found) <= {*CODES, "read", "decoder_died", "decoding_too_large"}
    file.write_bytes(content)
    assert outcome(decoders, file, clip=False) == "read"


@pytest.mark.parametrize("count", [12, pytest.param(1000, marks=pytest.mark.proof)])
@pytest.mark.parametrize("ending", CODECS)
def test_damaged_clips_are_answers(
    decoders: DecoderPool, rgb: Pixels, file: Path, ending: str, count: int
) -> None:
    clip = write_clip(
        file.with_suffix(f".{ending}"), [np.roll(rgb, 9 * n, axis=1) for n in range(12)], codec=CODECS[ending]
    )
    content, chance, found = clip.read_bytes(), random.Random(ending), Counter[str]()
    for _ in range(count):
        file.write_bytes(damaged(content, chance))
        began = time.monotonic()
        found[outcome(decoders, file, clip=True)] += 1
        assert time.monotonic() - began < 60
    print(f"{ending}: {dict(found)}")
    assert set(found) <= {*CODES, "read", "decoder_died", "decoding_too_large"}
    file.write_bytes(content)
    assert outcome(decoders, file, clip=True) == "read"


def test_a_worker_killed_in_the_middle_is_an_answer_and_the_next_file_is_judged(
    judge: Detector, decoders: DecoderPool, rgb: Pixels, file: Path, sessions: Sessions
) -> None:
    write_clip(file.with_suffix(".mp4"), [rgb] * 10)

    def kill(_: Frame) -> None:
        for pid in decoders.stats().busy:
            os.kill(pid, signal.SIGKILL)

    result = judge.analyse_file(file.with_suffix(".mp4"), frames=4, on_frame=kill)
    assert result.error is not None
    assert result.error.code == "decoder_died"
    assert judge.analyse_file(file.with_suffix(".mp4"), frames=4).error is None


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def test_no_file_makes_another_be_opened_or_an_address(
    service: AnalysisService, rgb: Pixels, tmp_path: Path, listening: socket.socket
) -> None:
    """Playlists in disguise, with and without the head of a clip, reach no canary file and no socket."""
    secret = write_clip(tmp_path / "secret.mp4", [rgb] * 5)
    opened = secret.stat().st_atime_ns
    address = "http://{}:{}/x.mp4".format(*listening.getsockname())
    lists = [
        f"ffconcat version 1.0\nfile '{name}'\nfile {address}\n".encode()
        for name in (
            "secret.mp4",
            secret,
            f"file:{secret}",
            f"concat:{secret}|{secret}",
            f"subfile,,start,0,end,0,,:{secret}",
        )
    ]
    lists += [
        f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n{name}\n#EXT-X-ENDLIST\n".encode()
        for name in (address, secret)
    ]
    lists += [
        f"<MPD><Period><BaseURL>{address}</BaseURL></Period></MPD>".encode(),
        f"v=0\nc=IN IP4 {address}\n".encode(),
    ]
    lists += [
        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{address}"/></svg>'.encode(),
        f"push graphic-context\n{address}".encode(),
    ]
    heads = (
        b"",
        b"\x00\x00\x00\x18ftypmp42" + bytes(12),
        b"\x1aE\xdf\xa3",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
    )
    for head in heads:
        for content in lists:
            (tmp_path / "upload.mp4").write_bytes(head + content)
            result = service.analyse(tmp_path / "upload.mp4").result
            assert result.error is not None
            assert result.error.code in CODES
    moov = write_clip(tmp_path / "a.mov", [rgb] * 3).read_bytes()
    reference = b"alis" + b"\x00\x00\x00\x00" + f"file:{secret}".encode()
    place = moov.index(b"url ")
    (tmp_path / "upload.mp4").write_bytes(
        moov[: place - 4] + reference.ljust(12)[:12] + moov[place + 8 :]
    )  # pictures in another file
    service.analyse(tmp_path / "upload.mp4")
    assert secret.stat().st_atime_ns == opened
    with pytest.raises(TimeoutError):
        listening.accept()


def variants(plain: Image.Image) -> Iterator[tuple[str, Image.Image, dict[str, object], Image.Image]]:
    """Yield odd but valid pictures: eight orientations, CMYK, 16 bits, grey, palette, alpha.

    Each has a name, the picture, its encoder options and the expected pixels.
    """
    undo = (
        None,
        0,
        3,
        1,
        5,
        2,
        6,
        4,
    )  # Image.Transpose that makes of the upright picture what EXIF's 1 to 8 turn upright
    for orientation, how in enumerate(undo, start=1):
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = plain if how is None else plain.transpose(Image.Transpose(how))
        for form in ("PNG", "TIFF"):
            yield form, stored, {"exif": exif}, plain
    grey, palette, cmyk = plain.convert("L"), plain.quantize(256), plain.convert("CMYK")
    sixteen = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    for picture, form, wanted in (
        *((plain.convert("RGBA"), form, plain) for form in ("PNG", "TIFF")),
        *((grey, form, grey) for form in ("PNG", "TIFF", "BMP", "GIF")),
        *((grey.convert("LA"), "PNG", grey), (sixteen, "PNG", grey), (sixteen, "TIFF", grey)),
        *((palette, form, palette) for form in ("PNG", "GIF", "BMP", "TIFF")),
        (cmyk, "TIFF", plain),  # no black of its own: nothing is lost
    ):
        yield form, picture, {}, wanted.convert("RGB")
    yield "WEBP", plain, {"lossless": True}, plain


def test_odd_pictures_are_read_as_the_plain_one(decoders: DecoderPool, samples: Path, file: Path) -> None:
    """S17: the same pixels, so the same verdict."""
    with Image.open(samples / "astronaut.png") as astronaut:
        plain = astronaut.convert("RGB").resize((200, 160))
    for form, picture, how, wanted in variants(plain):
        picture.save(file, form, **how)  # type: ignore[arg-type]
        assert np.array_equal(decoders.image(file), np.asarray(wanted)), (form, picture.mode, how)
    Image.new("RGB", (1, 1)).save(file, "PNG")
    assert outcome(decoders, file, clip=False) == "image_too_small"


@pytest.mark.proof
def test_odd_pictures_get_the_verdict_of_the_plain_one(
    service: AnalysisService, samples: Path, file: Path
) -> None:
    """S17, to 1e-3, by the scores themselves."""
    with Image.open(samples / "astronaut.png") as astronaut:
        plain = astronaut.convert("RGB")

    def score(image: Image.Image, form: str, how: dict[str, object]) -> float:
        image.save(file, form, **how)  # type: ignore[arg-type]
        prob = service.analyse(file).result.fake_prob
        assert prob is not None
        return prob

    apart = [
        abs(score(picture, form, how) - score(wanted, "PNG", {}))
        for form, picture, how, wanted in variants(plain)
    ]
    print(f"{len(apart)} forms, at most {max(apart):.1e} from the plain one")
    assert max(apart) <= 1e-3
