"""Two face-swap programs that no training here uses, so that a network can be measured on forgers it has never seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.errors import InvalidDataset
from laanet_core.types import Landmarks, RGBImage

Swap = Callable[[RGBImage, Landmarks, RGBImage, Landmarks], RGBImage]

_CENTRE_PARTS = (range(17, 27), range(36, 48), range(27, 36), range(48, 61))  # brows, eyes, nose, mouth
_EYES = (slice(36, 42), slice(42, 48))


def warped_swap(
    image: RGBImage, landmarks: Landmarks, donor: RGBImage, donor_landmarks: Landmarks
) -> RGBImage:
    """Warp the donor's face triangle by triangle onto the target's landmarks and clone it in by Poisson blending.

    image (H, W, 3) and donor (H', W', 3) uint8 RGB, landmarks (68, 2) each in the pixels of its own picture; returns (H, W, 3). It is the
    classic landmark swap: Delaunay triangulation, piecewise-affine warp, gradient-domain cloning (Perez et al., SIGGRAPH 2003) inside
    the face's convex hull. Raises InvalidDataset when the face lies outside the picture.
    """
    height, width = image.shape[:2]
    points = np.clip(landmarks, 1, (width - 2, height - 2)).astype(np.float32)
    drawn = np.zeros_like(image)
    for triangle in _triangles(points, (width, height)):
        _draw_triangle(drawn, points[triangle], donor, donor_landmarks[triangle])
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points).astype(np.int32)), 255)
    mask = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    x, y, w, h = cv2.boundingRect(mask)
    if min(w, h) < 8:
        raise InvalidDataset("no face inside the picture to swap")
    return np.asarray(
        cv2.seamlessClone(drawn, image, mask, (x + w // 2, y + h // 2), cv2.NORMAL_CLONE), np.uint8
    )


def pasted_swap(
    image: RGBImage, landmarks: Landmarks, donor: RGBImage, donor_landmarks: Landmarks
) -> RGBImage:
    """Bring the donor's face over by one similarity, correct its colours by local means, and paste its middle with a feathered edge.

    Shapes as in `warped_swap`. The mask covers brows, eyes, nose and mouth; colours are corrected by the ratio of the two pictures
    blurred by 0.6 of the distance between the eyes. Raises InvalidDataset when the faces cannot be aligned.
    """
    height, width = image.shape[:2]
    matrix = cv2.estimateAffinePartial2D(donor_landmarks, landmarks, method=cv2.LMEDS)[0]
    if matrix is None:
        raise InvalidDataset("the donor's landmarks cannot be brought onto the target's")
    aligned = cv2.warpAffine(donor, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    eyes = [landmarks[eye].mean(axis=0) for eye in _EYES]
    spread = max(float(np.linalg.norm(eyes[0] - eyes[1])), 4.0)
    mask = np.zeros((height, width), np.float32)
    for part in (landmarks, donor_landmarks @ matrix[:, :2].T + matrix[:, 2]):
        hulls = [part[[*_CENTRE_PARTS[0], *_CENTRE_PARTS[1]]], part[[*_CENTRE_PARTS[2], *_CENTRE_PARTS[3]]]]
        for hull in hulls:
            cv2.fillConvexPoly(mask, cv2.convexHull(np.round(hull).astype(np.int32)), 1.0)
    feather = spread * 0.17
    grown = np.asarray(cv2.GaussianBlur(mask, (0, 0), feather) > 0.05, np.float32)
    weight = cv2.GaussianBlur(grown, (0, 0), feather / 2)[..., None]
    blurred_target, blurred_donor = (
        cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.6 * spread / 2) for picture in (image, aligned)
    )
    corrected = np.clip(aligned * (blurred_target + 1) / (blurred_donor + 1), 0, 255)
    return np.asarray(np.round(corrected * weight + image * (1 - weight)), np.uint8)


SWAPS: Mapping[str, Swap] = {"warped": warped_swap, "pasted": pasted_swap}


def _triangles(points: Landmarks, size: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Delaunay triangulation of points (N, 2) inside a picture of `size` (W, H), as indices (T, 3)."""
    division = cv2.Subdiv2D((0, 0, *size))
    for x, y in points:
        division.insert((float(x), float(y)))
    corners = np.asarray(division.getTriangleList(), np.float32).reshape(-1, 3, 2)
    inside = ((corners >= 0) & (corners <= size)).all(
        axis=(1, 2)
    )  # the rest belongs to the division's own outer points
    nearest = np.linalg.norm(corners[inside][:, :, None] - points[None, None], axis=3).argmin(axis=2)
    return np.asarray(nearest, np.intp)


def _draw_triangle(drawn: RGBImage, corners: Landmarks, donor: RGBImage, donor_corners: Landmarks) -> None:
    """Fill the triangle `corners` (3, 2) of `drawn`, in place, with what lies in the donor's."""
    x, y, w, h = cv2.boundingRect(corners)
    w, h = min(w + 1, drawn.shape[1] - x), min(h + 1, drawn.shape[0] - y)
    if w <= 0 or h <= 0:
        return
    local = np.asarray(corners - (x, y), np.float32)
    matrix = cv2.getAffineTransform(np.asarray(donor_corners, np.float32), local)
    patch = cv2.warpAffine(donor, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    mask = np.zeros((h, w), np.uint8)
    cv2.fillConvexPoly(mask, np.round(local).astype(np.int32), 1)
    window = drawn[y : y + h, x : x + w]
    window[mask > 0] = patch[mask > 0]
