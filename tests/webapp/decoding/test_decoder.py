"""What the server believes of a worker that was taken over: nothing."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.video import Frame
from webapp.media.decoding.area import Area
from webapp.media.decoding.decoder import Decoder
from webapp.media.decoding.decoders import Decoders

END = {"end": {}, "wanted": []}


class Liar(Decoders):
    """Has one worker, which says what it is told to say."""

    def __init__(self, *said: object, writes: bytes = bytes(10_000)) -> None:
        self._said, self._writes = said, writes
        super().__init__(most=1, megabytes=256, seconds=1)

    def _lend(self) -> Decoder:
        ours, theirs = socket.socketpair()
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        self.decoder = Decoder(process, ours)
        threading.Thread(target=self._lie, args=(theirs,), daemon=True).start()
        return self.decoder

    def _lie(self, channel: socket.socket) -> None:
        _, files, _, _ = socket.recv_fds(channel, 4096, 2)
        os.pwrite(files[1], self._writes[: os.fstat(files[1]).st_size], 0)
        for file in files:
            os.close(file)
        for said in self._said:
            with contextlib.suppress(OSError):
                channel.sendall(said if isinstance(said, bytes) else json.dumps(said).encode() + b"\n")
        time.sleep(3)
        channel.close()

    def _raise_workers(self) -> None:
        pass


@pytest.fixture
def any_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"content")
    return tmp_path / "file"


PICTURE = {"shape": [32, 32, 3]}


@pytest.mark.parametrize(
    "said",
    [
        [END],
        [PICTURE, PICTURE, END],
        [PICTURE] * 50,
        [PICTURE, END],
        [PICTURE, {"end": {"cautions": None}}],
        [PICTURE, {"end": {"cautions": "first_picture_only"}}],
        [PICTURE, {"end": {"cautions": ["cut_short"]}}],
        [PICTURE, {"end": {"cautions": ["first_picture_only", ["<b>"]]}}],
        [{"shape": [60_000, 60_000, 3]}, END],
        [{"shape": [32, 32, 4]}, END],
        [{"shape": [32, 32]}, END],
        [{"shape": [-1, -1, 3]}, END],
        [{"shape": [0, 32, 3]}, END],
        [{"shape": [32.0, 32, 3]}, END],
        [{"shape": [True, 32, 3]}, END],
        [{"shape": "32"}, END],
        [{"shape": None}, END],
        [[1, 2]],
        [{"end": 5}],
        [{}],
        [{"error": 7, "message": "x"}],
        [{"error": "<script>", "message": "x"}],
        [{"error": "corrupt_image"}],
        [b"\xff\xfe\x00" * 100 + b"\n"],
        [b"[" * 3000 + b"\n"],
        [b"x" * 100_000],
    ],
    ids=lambda said: str(said)[:30],
)
def test_nonsense_is_a_worker_that_died(any_file: Path, said: list[object]) -> None:
    liar = Liar(*said)
    with liar, pytest.raises(UnreadableMedia) as caught:
        liar.image(any_file)
    assert caught.value.code == "decoder_died"
    assert not liar.decoder.usable


def test_times_and_lengths_must_be_possible(any_file: Path) -> None:
    for time_of in (-1, 1e9, float("nan"), float("inf"), "0", None, True):
        with Liar({**PICTURE, "time": time_of}, END) as liar, pytest.raises(UnreadableMedia, match="fail"):
            list(liar.frames(any_file, 3))
        with Liar({"end": {"seconds": time_of}}) as liar, pytest.raises(UnreadableMedia, match="fail"):
            liar.length(any_file)
    with (
        Liar({"shape": [10], "format": "../../x", "orientation": 1}, END) as liar,
        pytest.raises(UnreadableMedia, match="fail"),
    ):
        liar.bare(any_file)
    with (
        Liar({"shape": [10], "format": "jpeg", "orientation": 9}, END) as liar,
        pytest.raises(UnreadableMedia, match="fail"),
    ):
        liar.bare(any_file)


def test_no_more_frames_are_taken_than_were_asked_for(any_file: Path) -> None:
    taken: list[Frame] = []
    with Liar(*[{**PICTURE, "time": 0.0}] * 50) as liar, pytest.raises(UnreadableMedia, match="fail"):
        taken.extend(liar.frames(any_file, 5))
    assert len(taken) == 5
    with Liar(*[{**PICTURE, "time": 0.0}] * 100) as liar, pytest.raises(UnreadableMedia, match="fail"):
        taken.extend(liar.film(any_file, size=(32, 32), seconds=1))
    assert len(taken) == 5 + 35
    with (
        Liar({**PICTURE, "time": 2}, {**PICTURE, "time": 1}) as liar,
        pytest.raises(UnreadableMedia, match="fail"),
    ):
        list(liar.frames(any_file, 5))


@pytest.mark.parametrize("told", [None, ["first_picture_only"], ["cut_short", 7], {"cut_short": 1}])
def test_a_clip_has_the_cautions_of_clips_only(any_file: Path, told: object) -> None:
    with (
        Liar({**PICTURE, "time": 0}, {"end": {"cautions": told}}) as liar,
        pytest.raises(UnreadableMedia, match="fail"),
    ):
        list(liar.frames(any_file, 3))
    assert not liar.decoder.usable


def test_a_film_has_the_size_that_was_asked_for(any_file: Path) -> None:
    with Liar({"shape": [16, 64, 3], "time": 0}, END) as liar, pytest.raises(UnreadableMedia, match="fail"):
        list(liar.film(any_file, size=(32, 32), seconds=1))


def test_an_error_is_one_line_of_plain_text(any_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        Liar({"error": "corrupt_image", "message": "a\nb\x1b[31m" + "c" * 2000}) as liar,
        pytest.raises(UnreadableMedia) as caught,
    ):
        liar.image(any_file)
    assert caught.value.code == "corrupt_image"
    assert caught.value.message.isprintable()
    assert len(caught.value.message) <= 500
    with (
        Liar({"failed": "x\n2026 ERROR forged"}) as liar,
        pytest.raises(UnreadableMedia, match="nobody foresaw"),
    ):
        liar.image(any_file)
    assert "\n2026" not in caplog.text


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere nothing can be sealed; a cut is noticed when it is read"
)
def test_an_area_cannot_be_cut_or_grown() -> None:
    with Area(1000) as area:
        for size in (0, 2000):
            with pytest.raises(PermissionError):
                os.ftruncate(area.file, size)
        assert area.read((10, 10, 3)).shape == (10, 10, 3)
