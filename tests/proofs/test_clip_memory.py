"""Memory of clips does not grow with their length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.media.images import read_image
from tests.conftest import ROOT
from tests.core.clips import write_clip

# MB.
MAX_GROWTH = 50


def peak(path: Path) -> float:
    """Return the peak memory in MB of analysing a clip in a process of its own."""
    code = (
        "import sys; from pathlib import Path;"
        "from laanet_core.evaluation.hardware import peak_memory;"
        "from laanet_core.inference.detector import Detector;"
        "detector = Detector.from_weights('starter', 'cpu', runtime='eager');"
        "detector.analyse_video(Path(sys.argv[1]), 32); print(peak_memory())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.proof
def test_ten_minutes_take_no_more_memory_than_ten_seconds(samples: Path, tmp_path: Path) -> None:
    face = cv2.resize(read_image(samples / "astronaut.png"), (320, 320), interpolation=cv2.INTER_AREA)
    frames = [np.roll(face, 2 * number, axis=1) for number in range(10)]
    short = write_clip(tmp_path / "short.mp4", frames * 10)
    long = write_clip(tmp_path / "long.mp4", frames * 599)
    assert peak(long) < peak(short) + MAX_GROWTH
