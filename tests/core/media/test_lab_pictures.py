"""CIELAB pictures against a conversion of the samples by the formulas of CIE and ICC."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.types import RGBImage

# sRGB to XYZ with the white point D50, to which the Bradford transform adapts.
_TO_XYZ = np.array([[0.43607, 0.38506, 0.14308], [0.22250, 0.71688, 0.06062], [0.01393, 0.09710, 0.71417]])
_D50 = np.array([0.96422, 1.0, 0.82521])


@pytest.fixture(scope="module")
def portrait(samples: Path) -> RGBImage:
    return np.asarray(cv2.resize(read_image(samples / "official_portrait_2012.jpg"), (405, 512)), np.uint8)


def to_lab(rgb: RGBImage) -> npt.NDArray[np.float64]:
    """Convert sRGB (H, W, 3) to L (0 to 100), a and b."""
    values = rgb / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _D50
    x, y, z = np.moveaxis(np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def tiff(values: npt.NDArray[np.generic], photometric: int, order: str, *, signed: bool = False) -> bytes:
    """Write values (H, W, 3) of 8 or 16 bits as one uncompressed strip."""
    height, width = values.shape[:2]
    bits = 8 * values.itemsize
    content = values.astype(values.dtype.newbyteorder(order)).tobytes()
    rows = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 0), (259, 3, 1, 1), (262, 3, 1, photometric)]
    rows += [(273, 4, 1, 0), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, len(content))]
    if signed:
        rows.append((339, 3, 1, 2))
    depths = 8 + 2 + 12 * len(rows) + 4
    places = {258: depths, 273: depths + 6}
    body = b""
    for tag, kind, count, value in rows:
        is_short = kind == 3 and count == 1
        packed = struct.pack(order + "HH", value, 0) if is_short else struct.pack(order + "I", value)
        body += struct.pack(order + "HHI", tag, kind, count)
        body += struct.pack(order + "I", places[tag]) if tag in places else packed
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(rows))
    return start + body + bytes(4) + struct.pack(order + "HHH", bits, bits, bits) + content


def encoded(rgb: RGBImage, encoding: str, bits: int, order: str) -> bytes:
    """Return a TIFF of sRGB (H, W, 3) in CIELAB or ICCLAB with 8 or 16 bits."""
    lab = to_lab(rgb)
    step = 1 if bits == 8 else 256
    light = np.rint(lab[..., :1] * ((1 << bits) - 1) / 100)
    colours = np.rint(lab[..., 1:] * step)
    if encoding == "ICCLAB":
        # With 16 bits the largest lightness is 0xFF00.
        light = np.rint(lab[..., :1] * 255 * step / 100)
        colours += 128 * step
    values = np.concatenate([light, colours], axis=2).astype(np.int64) & ((1 << bits) - 1)
    photometric = 9 if encoding == "ICCLAB" else 8
    return tiff(values.astype(f"u{bits // 8}"), photometric, order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("encoding", ["CIELAB", "ICCLAB"])
def test_colours_are_those_of_the_original(portrait: RGBImage, encoding: str, bits: int, order: str) -> None:
    difference = np.abs(read_image(encoded(portrait, encoding, bits, order)).astype(int) - portrait)
    assert difference.mean() < 1.2
    assert np.percentile(difference, 99) <= 6


def test_dark_pictures_of_16_bits_stay_dark(portrait: RGBImage) -> None:
    """Values of colours that fit into fewer bits are not scaled."""
    dark = np.full((32, 32, 3), 20, np.uint8)
    assert np.abs(read_image(encoded(dark, "CIELAB", 16, "<")).astype(int) - dark).max() <= 4


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_pictures_are_read(portrait: RGBImage, compression: str) -> None:
    with Image.open(io.BytesIO(encoded(portrait, "CIELAB", 8, "<"))) as image:
        written = io.BytesIO()
        image.save(written, "TIFF", compression=compression)
    difference = np.abs(read_image(written.getvalue()).astype(int) - portrait)
    assert difference.mean() < 1.2


def test_score_is_that_of_the_original(detector: Detector, portrait: RGBImage) -> None:
    original = detector.analyse_image(portrait)
    converted = detector.analyse_image(read_image(encoded(portrait, "CIELAB", 8, "<")))
    assert converted.verdict == original.verdict
    assert converted.fake_prob == pytest.approx(original.fake_prob, abs=0.02)
