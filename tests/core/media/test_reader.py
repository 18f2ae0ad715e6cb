"""Reader that decodes in this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from laanet_core.media.images import read_image
from laanet_core.media.reader import IN_PROCESS, InProcessReader
from tests.core.clips import write_clip
from tests.signed_files import new_chain, signed
from tests.signed_files import picture as new_picture


def test_reader_returns_what_the_decoding_functions_return(samples: Path, tmp_path: Path) -> None:
    picture = samples / "astronaut.png"
    assert np.array_equal(IN_PROCESS.image(picture), read_image(picture))
    clip = write_clip(tmp_path / "clip.mp4", [np.full((64, 96, 3), 90, np.uint8)] * 10)
    frames = list(IN_PROCESS.frames(clip, 3))
    assert [frame.rgb.shape for frame in frames] == [(64, 96, 3)] * 3
    times = [frame.time for frame in frames]
    assert [frame.time for frame in IN_PROCESS.frames_at(clip, times)] == times
    film = list(IN_PROCESS.film(clip, size=(48, 32), seconds=60.0))
    assert film[0].rgb.shape == (32, 48, 3)
    assert film[-1].time < IN_PROCESS.length(clip)


def test_reader_trusts_the_signers_of_its_authorities(tmp_path: Path) -> None:
    file = tmp_path / "signed.jpg"
    file.write_bytes(signed(new_picture(), "image/jpeg"))
    assert IN_PROCESS.provenance(file).status == "valid_untrusted"
    trusting = InProcessReader(new_chain().authority.decode())
    assert trusting.provenance(file).status == "valid_trusted"
