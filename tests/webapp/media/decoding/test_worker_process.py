"""Messages of a worker that a malicious file has taken over: the server believes none."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.frame_selection import Passage
from laanet_core.media.video import Frame
from webapp.media.decoding.confinement import Limits
from webapp.media.decoding.process_pool import DecoderPool
from webapp.media.decoding.worker_process import WorkerProcess

END = {"end": {}, "wanted": []}


class Liar(DecoderPool):
    """Pool with a fake worker that sends prepared messages and fills the buffer with `writes`."""

    def __init__(self, *messages: object, writes: bytes = bytes(10_000)) -> None:
        self.messages, self.writes = messages, writes
        super().__init__(most=1, megabytes=256, seconds=1, start=self.start_liar)
        self.wait_until_ready()

    def start_liar(self, limits: Limits) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        self.worker = WorkerProcess(process, ours)
        threading.Thread(target=self.lie, args=(theirs,), daemon=True).start()
        return self.worker

    def lie(self, channel: socket.socket) -> None:
        with channel:
            _, files, _, _ = socket.recv_fds(channel, 4096, 2)
            if files:
                os.pwrite(files[1], self.writes[: os.fstat(files[1]).st_size], 0)
            for file in files:
                os.close(file)
            for message in self.messages if files else ():
                with contextlib.suppress(OSError):
                    content = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
                    channel.sendall(content)
            # The server must not take the end of the channel for an answer, so wait until it closes its end.
            channel.settimeout(3)
            with contextlib.suppress(OSError):
                while channel.recv(4096):
                    pass


@pytest.fixture
def any_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"content")
    return tmp_path / "file"


IMAGE = {"shape": [32, 32, 3]}


@pytest.mark.parametrize(
    "messages",
    [
        [END],
        [IMAGE, IMAGE, END],
        [IMAGE] * 50,
        [IMAGE, END],
        [IMAGE, {"end": {"cautions": None}}],
        [IMAGE, {"end": {"cautions": "first_picture_only"}}],
        [IMAGE, {"end": {"cautions": ["cut_short"]}}],
        [IMAGE, {"end": {"cautions": ["first_picture_only", ["<b>"]]}}],
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
    ids=lambda messages: str(messages)[:30],
)
def test_nonsense_counts_as_a_dead_worker(any_file: Path, messages: list[object]) -> None:
    with Liar(*messages) as liar:
        worker = liar.worker
        with pytest.raises(UnreadableMedia) as caught:
            liar.image(any_file)
    assert caught.value.code == "decoder_died"
    assert not worker.usable


def test_impossible_numbers_are_rejected(any_file: Path) -> None:
    for time_of in (-1, 1e9, float("nan"), float("inf"), "0", None, True):
        with Liar({**IMAGE, "time": time_of}, END) as liar, pytest.raises(UnreadableMedia, match="fail"):
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


PASSAGE = {"shot": 1, "start": 0.0, "end": 1.0, "still": False, "clip_seconds": 2.0}


@pytest.mark.parametrize(
    "passage",
    [
        {},
        [0, 1],
        {**PASSAGE, "more": 1},
        {**PASSAGE, "shot": 0.5},
        {**PASSAGE, "shot": -1},
        {**PASSAGE, "start": 1.5},
        {**PASSAGE, "end": 3.0},
        {**PASSAGE, "still": 1},
        {**PASSAGE, "clip_seconds": 1e9},
    ],
)
def test_impossible_passages_are_rejected(any_file: Path, passage: object) -> None:
    with Liar({**IMAGE, "time": 0, "passage": PASSAGE}, {"end": {"cautions": []}}) as liar:
        (frame,) = liar.frames(any_file, 3)
        assert frame.passage == Passage(1, 0.0, 1.0, still=False, clip_seconds=2.0)
    with (
        Liar({**IMAGE, "time": 0, "passage": passage}, END) as liar,
        pytest.raises(UnreadableMedia, match="fail"),
    ):
        list(liar.frames(any_file, 3))


def test_surplus_frames_are_rejected(any_file: Path) -> None:
    taken: list[Frame] = []
    with Liar(*[{**IMAGE, "time": 0.0}] * 50) as liar, pytest.raises(UnreadableMedia, match="fail"):
        taken.extend(liar.frames(any_file, 5))
    assert len(taken) == 20
    with Liar(*[{**IMAGE, "time": 0.0}] * 100) as liar, pytest.raises(UnreadableMedia, match="fail"):
        taken.extend(liar.film(any_file, size=(32, 32), seconds=1))
    assert len(taken) == 20 + 35
    with (
        Liar({**IMAGE, "time": 2}, {**IMAGE, "time": 1}) as liar,
        pytest.raises(UnreadableMedia, match="fail"),
    ):
        list(liar.frames(any_file, 5))


@pytest.mark.parametrize("cautions", [None, ["first_picture_only"], ["cut_short", 7], {"cut_short": 1}])
def test_cautions_of_images_are_rejected_for_clips(any_file: Path, cautions: object) -> None:
    with Liar({**IMAGE, "time": 0}, {"end": {"cautions": cautions}}) as liar:
        worker = liar.worker
        with pytest.raises(UnreadableMedia, match="fail"):
            list(liar.frames(any_file, 3))
    assert not worker.usable


def test_frames_of_another_size_are_rejected(any_file: Path) -> None:
    with Liar({"shape": [16, 64, 3], "time": 0}, END) as liar, pytest.raises(UnreadableMedia, match="fail"):
        list(liar.film(any_file, size=(32, 32), seconds=1))


def test_error_becomes_one_line_of_plain_text(any_file: Path, caplog: pytest.LogCaptureFixture) -> None:
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
        pytest.raises(UnreadableMedia, match="unexpected error"),
    ):
        liar.image(any_file)
    assert "\n2026" not in caplog.text
