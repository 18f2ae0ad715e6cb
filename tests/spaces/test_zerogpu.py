"""ZeroGPU: analyses in forked processes, with a local scheduler. The processes have no GPU here."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from tests.conftest import ROOT
from tests.spaces.lender import Lender
from tests.spaces.space import STOPS_WITHIN, Space

# Everything is as on ZeroGPU except the driver, without which a forked process would not start its work.
WITHOUT_DRIVER = """
import runpy, spaces.zero.torch
spaces.zero.torch.init = spaces.zero.torch.move = lambda *_, **__: None
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture
def lender(tmp_path: Path) -> Iterator[Lender]:
    with Lender(tmp_path) as lending:
        yield lending


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    space = Space(tmp_path, hardware="zerogpu")
    space.command = [sys.executable, "-c", WITHOUT_DRIVER]
    yield space
    space.kill()


@pytest.mark.proof
def test_analyses_survive_killed_processes_and_an_exhausted_quota(
    space: Space, lender: Lender, samples: Path, detector: Detector
) -> None:
    """One test for all of it, because the start takes seconds."""
    picture, clip = samples / "two_people.jpg", ROOT / "webapp" / "examples" / "clip.mp4"
    expected = detector.analyse_image(read_image(picture))
    space.start(**lender.environment, LENS_DEVICE="cpu", LENS_AT_ONCE="1")
    assert lender.calls == ["/startup-report"]
    assert space.health()["device"] == "zerogpu"

    lender.kills = True
    started = time.monotonic()
    failed = space.analyse(picture)
    assert (failed.status_code, failed.json()["error"]["code"]) == (500, "unforeseen")
    assert time.monotonic() - started < 30
    lender.kills = False

    on_gpu = space.analyse(picture).json()
    assert on_gpu["fake_prob"] == pytest.approx(expected.fake_prob, abs=1e-3)
    assert len(lender.requested_seconds) == 2
    assert all(4 < seconds < 10 for seconds in lender.requested_seconds)
    assert space.analyse(clip).json()["outcome"] == "verdict"
    calls = len(lender.requested_seconds)
    assert calls > 2

    lender.exhausted = True
    client = Client(space.url, verbose=False)
    _, on_cpu = client.predict(handle_file(str(picture)), api_name="/analyse_image")
    client.close()
    assert on_cpu["fake_prob"] == pytest.approx(on_gpu["fake_prob"], abs=1e-3)
    assert len(lender.requested_seconds) == calls + 1
    assert any("no GPU available" in line["message"] for line in space.lines())
    assert space.stop() < STOPS_WITHIN
    assert space.process is not None
    # No forked process is left.
    with pytest.raises(ProcessLookupError):
        os.killpg(space.process.pid, 0)
    assert "GpuFailed: the process with the GPU failed" in space.log.read_text()
