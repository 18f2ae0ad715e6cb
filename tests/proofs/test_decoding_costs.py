"""Cost of decoding in processes (`make proof`, on an idle machine)."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from laanet_core.media.images import read_image
from laanet_core.media.video import read_frames
from tests.core.clips import write_clip
from webapp.media.decoding.process_pool import DecoderPool

pytestmark = pytest.mark.proof


def seconds_of(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def test_a_picture_of_two_megapixels_takes_at_most_60_ms_more(
    decoders: DecoderPool, samples: Path, file: Path
) -> None:
    with Image.open(samples / "official_portrait_2012.jpg") as portrait:
        portrait.convert("RGB").resize((1250, 1600)).save(file, "JPEG", quality=92)
    decoders.image(file)
    pairs = [
        (seconds_of(lambda: decoders.image(file)), seconds_of(lambda: read_image(file))) for _ in range(80)
    ]
    extra = [1000 * (elsewhere - here) for elsewhere, here in pairs]
    here = 1000 * statistics.median(pair[1] for pair in pairs)
    print(
        f"in place {here:.1f} ms; in a worker {statistics.median(extra):.1f} ms more, "
        f"95 of 100 at most {np.percentile(extra, 95):.1f} ms"
    )
    assert statistics.median(extra) < 60


def test_a_clip_takes_hardly_longer(decoders: DecoderPool, tmp_path: Path) -> None:
    picture = (
        np.random.default_rng(0)
        .integers(0, 255, (68, 120, 3), dtype=np.uint8)
        .repeat(16, 0)
        .repeat(16, 1)[:1080]
    )
    clip = write_clip(
        tmp_path / "a.mp4", [np.roll(picture, 8 * n, axis=1) for n in range(150)], codec="libx264", rate=30
    )
    here, elsewhere = (
        min(seconds_of(lambda read=read: list(read(clip, 32))) for _ in range(3))
        for read in (read_frames, decoders.frames)
    )
    print(f"32 frames of 1080p: in place {here:.2f} s, in a worker {elsewhere:.2f} s")
    assert elsewhere < 1.5 * here + 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_server_does_not_grow(decoders: DecoderPool, samples: Path, file: Path) -> None:
    def resident() -> float:
        status = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1000

    with Image.open(samples / "official_portrait_2012.jpg") as portrait:
        portrait.convert("RGB").resize((1250, 1600)).save(file, "JPEG", quality=92)
    for _ in range(30):
        decoders.image(file)
    before = resident()
    for _ in range(500):
        decoders.image(file)
    print(f"{before:.0f} MB before 500 pictures, {resident():.0f} MB after")
    assert resident() - before < 30


def repeated(second: Path, times: int, target: Path) -> Path:
    """A clip of one second, at 30 frames, repeated; nothing is encoded again."""
    with av.open(str(second)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        packets = [(bytes(packet), packet) for packet in source.demux(video=0) if packet.size]
        base = packets[0][1].time_base
        for number in range(times):
            for content, packet in packets:
                fresh = av.Packet(content)
                shift = round(number / base)
                fresh.pts, fresh.dts, fresh.time_base = packet.pts + shift, packet.dts + shift, base
                fresh.is_keyframe = packet.is_keyframe
                fresh.stream = stream
                container.mux(fresh)
    return target


def test_a_clip_of_ten_minutes_is_not_refused(decoders: DecoderPool, tmp_path: Path) -> None:
    """1080p at 30 frames a second."""
    picture = (
        np.random.default_rng(0)
        .integers(0, 255, (68, 120, 3), dtype=np.uint8)
        .repeat(16, 0)
        .repeat(16, 1)[:1080]
    )
    second = write_clip(
        tmp_path / "a.mp4", [np.roll(picture, 8 * n, axis=1) for n in range(30)], codec="libx264", rate=30
    )
    clip = repeated(second, 598, tmp_path / "long.mp4")
    began = time.monotonic()
    found = list(decoders.frames(clip, 32))
    print(f"{clip.stat().st_size / 1e6:.0f} MB, {len(found)} frames in {time.monotonic() - began:.0f} s")
    assert len(found) == 32
    assert found[-1].time > 580
