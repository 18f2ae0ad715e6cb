"""Perceptual hashes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from laanet_core.media.images import read_image
from webapp.media.fingerprint import Fingerprints, fingerprint


def test_near_duplicates_differ_in_few_bits(samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    half = np.asarray(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    assert 0 <= fingerprint(rgb) < 2**64
    assert (fingerprint(rgb) ^ fingerprint(half)).bit_count() <= 4
    assert (fingerprint(rgb) ^ fingerprint(np.ascontiguousarray(rgb[::-1]))).bit_count() > 16


def test_three_frames_of_a_clip_are_hashed(samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")[:256, :256]
    frames = [np.ascontiguousarray(np.roll(rgb, 40 * number, axis=1)) for number in range(8)]
    hashes = Fingerprints()
    assert hashes.chosen() == []
    for frame in frames:
        hashes(frame)
    assert hashes.chosen() == list(dict.fromkeys(fingerprint(frames[number]) for number in (2, 4, 6)))
