"""Reconstructed faces: pseudo-fakes whose inner face is redrawn as smoothly as face-swap programs draw it.

Most programs draw the inner face with a small network at a fixed size, mostly 128 pixels, sharpen or restore
it, and paste it back with a soft box or hull. Real faces can be as smooth, by filters and low bit rates, so
`smoothed_crop` and `softly_smoothed_face` make real faces go through the same operations without a seam.
"""

from __future__ import annotations

from importlib.resources import as_file, files

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.data import augmentation
from laanet_core.data.augmentation import Transform
from laanet_core.data.blended_images import match_colours
from laanet_core.data.face_autoencoder import BOTTLENECKS, FACE_SIDE, FaceAutoencoder, alignment
from laanet_core.data.self_blending import PseudoFake, alpha_blend, random_blending_mask
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import warp
from laanet_core.faces.landmarks import face_box
from laanet_core.types import Landmarks, Mask, RGBImage

AUTOENCODER_FILE = "face_autoencoder.safetensors"

# Range of the share of the redrawn face in its mix with the original.
MIX = (0.3, 0.85)

# Working sizes of face-swap programs, in pixels.
WORKING_SIDES = (64, 96, 128, 128, 128, 160, 192)

# Range of the enlargement of the aligned face; 1 shows the face from the forehead to the chin.
# Larger squares would put the seam outside of the network's crop, where only smoothness remains to learn.
ENLARGEMENTS = (0.8, 1.1)

# Width of the aligned square in widths of the face.
SQUARE_WIDTH = 1.3

# Share of the faces that the autoencoder redraws; the others only pass through the working size.
AUTOENCODER_SHARE = 0.6

# Largest share of a donor's code, and largest deviation of a code that has no donor.
LARGEST_DONOR_SHARE = 0.6
LARGEST_DEVIATION = 0.5


class FaceRedrawer:
    """Redraws faces through a working size and, mostly, a face autoencoder."""

    def __init__(self, autoencoder: FaceAutoencoder) -> None:
        self._autoencoder = autoencoder

    def redraw(
        self,
        image: RGBImage,
        landmarks: Landmarks,
        rng: np.random.Generator,
        donor: tuple[RGBImage, Landmarks] | None = None,
    ) -> PseudoFake:
        """Redraw the inner face of an image; the mask is 1 in the aligned square that was redrawn.

        image (H, W, 3) uint8 RGB, landmarks (68, 2) in its pixels. A `donor`'s code moves the face
        towards another person's. The redrawn face takes the original's colours. Raises InvalidDataset if the
        landmarks cannot be aligned.
        """
        enlargement = rng.uniform(*ENLARGEMENTS)
        matrix = alignment(landmarks, enlargement)
        face = warp(image, matrix, (FACE_SIDE, FACE_SIDE))
        side = int(rng.choice(WORKING_SIDES))
        if rng.random() < AUTOENCODER_SHARE:
            donor_face = None
            if donor is not None:
                donor_face = warp(donor[0], alignment(donor[1], enlargement), (FACE_SIDE, FACE_SIDE))
            drawn = self._mix(face, rng, donor_face)
            side = max(side, 96)
        else:
            drawn = face
        scaled = matrix * (side / FACE_SIDE)
        working = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA)
        if drawn is face:
            working = warp(image, scaled, (side, side))
        working = augmentation.apply(restoration(rng), np.asarray(working, np.uint8))
        height, width = image.shape[:2]
        back = cv2.invertAffineTransform(_moved(scaled, side, rng))
        flags = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
        pasted = cv2.warpAffine(working, back, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        inside = np.zeros((side, side), np.float32)
        inside[1:-1, 1:-1] = 1
        extent = np.asarray(cv2.warpAffine(inside, back, (width, height)), np.float32)
        source = match_colours(np.asarray(pasted, np.uint8), image, extent, match_spread=rng.random() < 0.5)
        return PseudoFake(source, extent)

    def smoothed_crop(self, image: RGBImage, landmarks: Landmarks, rng: np.random.Generator) -> RGBImage:
        """Return an image (H, W, 3) whose whole area went through a working size and a restoration.

        Often its face, landmarks (68, 2), first fades into the redrawn one. Nothing marks a seam.
        """
        height, width = image.shape[:2]
        face_width = max(float(np.ptp(landmarks[:, 0])), 8.0)
        if rng.random() < AUTOENCODER_SHARE / 2:
            matrix = alignment(landmarks, 1.0)
            drawn = self._mix(warp(image, matrix, (FACE_SIDE, FACE_SIDE)), rng, None, moved=False)
            back = cv2.invertAffineTransform(matrix)
            image = softly_smoothed_face(image, landmarks, rng, warp(drawn, back, (width, height)))
        # The aligned square that `redraw` draws is wider than the face.
        scale = min(int(rng.choice(WORKING_SIDES)) / (SQUARE_WIDTH * face_width), 1.0)
        size = (max(round(width * scale), 16), max(round(height * scale), 16))
        working = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        working = augmentation.apply(restoration(rng), working)
        flags = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(working, (width, height), interpolation=flags), np.uint8)

    def _mix(
        self, face: RGBImage, rng: np.random.Generator, donor: RGBImage | None, *, moved: bool = True
    ) -> RGBImage:
        """Mix an aligned face (128, 128, 3) with its reconstruction, in the face's colours.

        If `moved`, the reconstruction shows a donor's or a random person's traits to some degree.
        """
        share, bottleneck = rng.uniform(*MIX), int(rng.choice(BOTTLENECKS))
        degree = rng.random()
        code = self._autoencoder.encode(face)
        if moved and donor is not None:
            code += LARGEST_DONOR_SHARE * degree * (self._autoencoder.encode(donor) - code)
        elif moved:
            code += rng.normal(0, LARGEST_DEVIATION * degree, len(code)).astype(np.float32)
        drawn = self._autoencoder.decode(code, bottleneck)
        drawn = match_colours(drawn, face, np.ones(face.shape[:2], np.float32), match_spread=False)
        return np.asarray(cv2.addWeighted(drawn, share, face, 1 - share, 0), np.uint8)


def bundled_redrawer() -> FaceRedrawer:
    """Return a redrawer with the autoencoder of the package. Raises InvalidWeights if it cannot be read."""
    with as_file(files("laanet_core.data") / AUTOENCODER_FILE) as path:
        return FaceRedrawer(FaceAutoencoder.load(path))


def reconstructed_blend(
    image: RGBImage,
    landmarks: Landmarks,
    rng: np.random.Generator,
    redrawer: FaceRedrawer,
    donor: tuple[RGBImage, Landmarks] | None = None,
) -> PseudoFake:
    """Blend the redrawn face of an image into it, with a hull or a soft box as the mask.

    image (H, W, 3) uint8 RGB, landmarks (68, 2) in its pixels; `donor` as in `redraw`. Raises InvalidDataset
    if the landmarks leave no mask inside the image.
    """
    redrawn = redrawer.redraw(image, landmarks, rng, donor)
    if rng.random() < 0.6:
        mask = random_blending_mask(image, landmarks, rng) * redrawn.mask
    else:
        mask = soft_box(redrawn.mask, rng)
    peak = float(mask.max())
    if peak <= 0:
        raise InvalidDataset("the landmarks leave no blending mask inside the image")
    mask = np.asarray(mask / peak, np.float32)
    return PseudoFake(alpha_blend(redrawn.image, image, mask), mask)


def soft_box(extent: Mask, rng: np.random.Generator) -> Mask:
    """Return the mask (H, W) of a pasted square `extent` (H, W): inset on every side and feathered."""
    side = max(float(np.sqrt(extent.sum())), 8.0)
    feather = rng.uniform(0.015, 0.1) * side
    inset = max(round(2 * feather + rng.uniform(0, 0.06) * side), 1)
    kernel = np.ones((2 * inset + 1, 2 * inset + 1), np.uint8)
    inner = cv2.erode(extent, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), feather), np.float32)


def softly_smoothed_face(
    image: RGBImage, landmarks: Landmarks, rng: np.random.Generator, smoothed: RGBImage
) -> RGBImage:
    """Return an image that changes over to `smoothed` within the face, too gradually for a seam.

    image and smoothed (H, W, 3) uint8 RGB and aligned, landmarks (68, 2).
    """
    x1, y1, x2, y2 = face_box(landmarks)
    weight = np.zeros(image.shape[:2], np.float32)
    center = (round((x1 + x2) / 2), round((y1 + y2) / 2))
    axes = (max(round((x2 - x1) * 0.4), 1), max(round((y2 - y1) * 0.4), 1))
    cv2.ellipse(weight, center, axes, 0, 0, 360, 1.0, -1)
    sigma = max((x2 - x1) * rng.uniform(0.22, 0.35), 1.0)
    weight = np.asarray(cv2.GaussianBlur(weight, (0, 0), sigma), np.float32)
    weight *= rng.uniform(0.6, 1.0) / max(float(weight.max()), 1e-6)
    return alpha_blend(smoothed, image, weight)


def restoration(rng: np.random.Generator) -> list[Transform]:
    """Draw the steps that follow a swap: mostly none, else edge-preserving smoothing and sharpening."""
    transforms: list[Transform] = []
    if rng.random() < 0.25:
        transforms.append(augmentation.bilateral_filter(rng))
    if rng.random() < 0.4:
        transforms.append(augmentation.sharpen(rng))
    return transforms


def _moved(matrix: npt.NDArray[np.float64], side: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Turn, scale and shift an alignment (2, 3) slightly, as a program's own landmarks would."""
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 1.2), rng.uniform(0.97, 1.03))
    turn[:, 2] += rng.normal(0, 0.012, 2) * side
    homogeneous = np.vstack([matrix, [0, 0, 1]])
    return np.asarray(turn @ homogeneous, np.float64)
