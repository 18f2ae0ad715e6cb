"""Linear autoencoder of aligned faces, which draws faces as smooth as those of face-swap programs.

Its weights are principal components, the optimum of a linear autoencoder (Baldi & Hornik, 1989). Fitting them
takes seconds, where a convolutional autoencoder takes hours on two cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from laanet_core.data.dataset import ManifestDataset
from laanet_core.errors import InvalidDataset, InvalidWeights
from laanet_core.faces.crops import warp
from laanet_core.types import Landmarks, RGBImage

# Side in pixels of an aligned face.
FACE_SIDE = 128

# Side in pixels of the luma that is drawn; chroma has half of it.
DRAWN_SIDE = 64

# Numbers of components; fewer draw smoother faces.
BOTTLENECKS = (24, 48, 96, 144)

# Centres of eyes, nose tip and mouth corners in an aligned face, in shares of its side.
TEMPLATE = np.array([[0.355, 0.40], [0.645, 0.40], [0.5, 0.56], [0.385, 0.735], [0.615, 0.735]], np.float32)

Vector = npt.NDArray[np.float32]


class FaceAutoencoder:
    """Autoencoder between aligned faces (128, 128, 3) uint8 RGB and codes (K,) of unit variance."""

    def __init__(self, mean: Vector, components: Vector, spread: Vector) -> None:
        """Take the mean face (D,), K components (K, D) and the standard deviations (K,) of their codes."""
        self.mean, self.components, self.spread = mean, components, spread

    def encode(self, face: RGBImage) -> Vector:
        """Return the code (K,) of an aligned face (128, 128, 3)."""
        code = self.components @ (to_vector(face) - self.mean) / self.spread
        return np.asarray(code, np.float32)

    def decode(self, code: Vector, bottleneck: int) -> RGBImage:
        """Draw the face (128, 128, 3) of a code (K,) from its first `bottleneck` values."""
        scaled = code[:bottleneck] * self.spread[:bottleneck]
        return to_face(np.asarray(self.mean + scaled @ self.components[:bottleneck], np.float32))

    def save(self, path: Path) -> None:
        """Write the weights in half precision as safetensors."""
        tensors = {"mean": self.mean, "components": self.components, "spread": self.spread}
        save_file({name: value.astype(np.float16) for name, value in tensors.items()}, path)

    @classmethod
    def load(cls, path: Path) -> FaceAutoencoder:
        """Load weights that `save` wrote. Raises InvalidWeights naming the file."""
        try:
            tensors = {name: value.astype(np.float32) for name, value in load_file(path).items()}
            return cls(tensors["mean"], tensors["components"], tensors["spread"])
        except (OSError, KeyError, SafetensorError) as error:
            raise InvalidWeights(f"{path.name} holds no weights of the face autoencoder: {error}") from error


def fit_autoencoder(faces: npt.NDArray[np.uint8], seed: int = 0) -> FaceAutoencoder:
    """Fit the autoencoder to aligned faces (N, 128, 128, 3) by a randomized decomposition.

    Raises InvalidDataset for fewer faces than components.
    """
    count = max(BOTTLENECKS)
    if len(faces) <= count:
        raise InvalidDataset(f"{len(faces)} faces are too few for an autoencoder of {count} components")
    vectors = torch.from_numpy(np.stack([to_vector(face) for face in faces]))
    mean = vectors.mean(dim=0)
    torch.manual_seed(seed)
    _, values, components = torch.svd_lowrank(vectors - mean, q=count, niter=3)
    spread = values / len(faces) ** 0.5
    return FaceAutoencoder(mean.numpy(), components.T.contiguous().numpy(), spread.numpy())


def aligned_faces(datasets: Sequence[ManifestDataset]) -> npt.NDArray[np.uint8]:
    """Return the aligned real faces with landmarks, (N, 128, 128, 3) uint8 RGB.

    Raises InvalidDataset if there is none or an image cannot be read.
    """
    faces = [
        warp(
            dataset.store.read(sample.pack, sample.path),
            alignment(sample.landmarks),
            (FACE_SIDE, FACE_SIDE),
        )
        for dataset in datasets
        for sample in dataset.samples
        if sample.label == 0 and sample.landmarks is not None
    ]
    if not faces:
        raise InvalidDataset("no real image with landmarks to fit the autoencoder to")
    return np.stack(faces)


def alignment(landmarks: Landmarks, enlargement: float = 1.0) -> npt.NDArray[np.float64]:
    """Return the similarity (2, 3) from an image's pixels to an aligned face of FACE_SIDE pixels.

    landmarks (68, 2). `enlargement` above 1 shows more of the face's surroundings. Raises InvalidDataset if
    the points have no extent.
    """
    points = np.stack(
        [
            landmarks[36:42].mean(axis=0),
            landmarks[42:48].mean(axis=0),
            landmarks[30],
            landmarks[48],
            landmarks[54],
        ]
    )
    template = ((TEMPLATE - 0.5) / enlargement + 0.5) * FACE_SIDE
    matrix = cv2.estimateAffinePartial2D(points, np.asarray(template, np.float32), method=cv2.LMEDS)[0]
    if matrix is None:
        raise InvalidDataset("the landmarks cannot be aligned")
    return np.asarray(matrix, np.float64)


def to_vector(face: RGBImage) -> Vector:
    """Return the luma (64, 64) and the two chroma planes (32, 32) of a face as one vector (6144,)."""
    small = cv2.resize(face, (DRAWN_SIDE, DRAWN_SIDE), interpolation=cv2.INTER_AREA)
    planes = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb))
    half = (DRAWN_SIDE // 2, DRAWN_SIDE // 2)
    chroma = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in planes[1:]]
    return np.concatenate([plane.ravel() for plane in (planes[0], *chroma)]).astype(np.float32)


def to_face(vector: Vector) -> RGBImage:
    """Return the face (128, 128, 3) uint8 RGB of a vector (6144,), the inverse of `to_vector`."""
    levels = np.clip(vector, 0, 255).astype(np.float32)
    luma, red, blue = np.split(levels, [DRAWN_SIDE**2, DRAWN_SIDE**2 + (DRAWN_SIDE // 2) ** 2])
    planes = [
        cv2.resize(plane.reshape(side, side), (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_CUBIC)
        for plane, side in ((luma, DRAWN_SIDE), (red, DRAWN_SIDE // 2), (blue, DRAWN_SIDE // 2))
    ]
    merged = np.clip(np.dstack(planes), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(merged, cv2.COLOR_YCrCb2RGB), np.uint8)
