"""Two face-swap methods that training never uses, so that evaluation can measure unseen forgers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.errors import InvalidDataset
from laanet_core.types import Landmarks, RGBImage

Swap = Callable[[RGBImage, Landmarks, RGBImage, Landmarks], RGBImage]

# Landmarks (iBUG order) of the two convex parts that `pasted_swap` copies.
_BROWS_AND_EYES = [*range(17, 27), *range(36, 48)]
_NOSE_AND_MOUTH = [*range(27, 36), *range(48, 61)]
_EYES = (slice(36, 42), slice(42, 48))

# Side of the colour correction's blur and width of the soft edge of `pasted_swap`, as shares of the distance
# between the eyes.
_COLOUR_BLUR = 0.6
_FEATHER = 0.17

# Smallest distance between the eyes that these widths are scaled by, in pixels.
_SMALLEST_EYE_DISTANCE = 4.0

# A blurred mask above this value belongs to the enlarged mask.
_ENLARGED_MASK = 0.05

# Smallest side of a face that can be cloned, in pixels.
_SMALLEST_FACE = 8


def warped_swap(
    image: RGBImage, landmarks: Landmarks, donor: RGBImage, donor_landmarks: Landmarks
) -> RGBImage:
    """Warp the donor's face onto the target's landmarks and clone it by Poisson blending.

    image (H, W, 3) and donor (H', W', 3) uint8 RGB, landmarks (68, 2) each in the pixels of its own image;
    returns (H, W, 3). This is the classic landmark swap: Delaunay triangulation, piecewise-affine warp, and
    gradient-domain cloning (Perez et al., SIGGRAPH 2003) inside the face's convex hull. Raises InvalidDataset
    if the face lies outside the image.
    """
    height, width = image.shape[:2]
    # Poisson blending needs a border of one pixel around the face.
    points = np.clip(landmarks, 1, (width - 2, height - 2)).astype(np.float32)
    warped = np.zeros_like(image)
    for triangle in _triangulate(points, (width, height)):
        _draw_triangle(warped, points[triangle], donor, donor_landmarks[triangle])
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, _hull(points), 255)
    mask = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    x, y, face_width, face_height = cv2.boundingRect(mask)
    if min(face_width, face_height) < _SMALLEST_FACE:
        raise InvalidDataset("no face inside the picture to swap")
    center = (x + face_width // 2, y + face_height // 2)
    return np.asarray(cv2.seamlessClone(warped, image, mask, center, cv2.NORMAL_CLONE), np.uint8)


def pasted_swap(
    image: RGBImage, landmarks: Landmarks, donor: RGBImage, donor_landmarks: Landmarks
) -> RGBImage:
    """Align the donor's face by one similarity, correct its colours and paste it with a soft edge.

    image (H, W, 3) and donor (H', W', 3) uint8 RGB, landmarks (68, 2) each in the pixels of its own image;
    returns (H, W, 3). The mask covers brows, eyes, nose and mouth of both faces. The colours are corrected by
    the ratio of the two blurred images. Raises InvalidDataset if the faces cannot be aligned.
    """
    height, width = image.shape[:2]
    matrix = cv2.estimateAffinePartial2D(donor_landmarks, landmarks, method=cv2.LMEDS)[0]
    if matrix is None:
        raise InvalidDataset("the donor's landmarks cannot be aligned with the target's")
    aligned = cv2.warpAffine(donor, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    aligned_landmarks = donor_landmarks @ matrix[:, :2].T + matrix[:, 2]
    left_eye, right_eye = (landmarks[eye].mean(axis=0) for eye in _EYES)
    eye_distance = max(float(np.linalg.norm(left_eye - right_eye)), _SMALLEST_EYE_DISTANCE)

    mask = np.zeros((height, width), np.float32)
    for points in (landmarks, aligned_landmarks):
        for part in (_BROWS_AND_EYES, _NOSE_AND_MOUTH):
            cv2.fillConvexPoly(mask, _hull(points[part]), 1.0)
    feather = eye_distance * _FEATHER
    enlarged = np.asarray(cv2.GaussianBlur(mask, (0, 0), feather) > _ENLARGED_MASK, np.float32)
    weight = cv2.GaussianBlur(enlarged, (0, 0), feather / 2)[..., None]  # (H, W, 1)

    sigma = _COLOUR_BLUR * eye_distance / 2
    blurred_target = cv2.GaussianBlur(image.astype(np.float32), (0, 0), sigma)
    blurred_donor = cv2.GaussianBlur(aligned.astype(np.float32), (0, 0), sigma)
    # Adding 1 avoids a division by 0 in black areas.
    corrected = np.clip(aligned * (blurred_target + 1) / (blurred_donor + 1), 0, 255)
    return np.asarray(np.round(corrected * weight + image * (1 - weight)), np.uint8)


SWAPS: Mapping[str, Swap] = {"warped": warped_swap, "pasted": pasted_swap}


def _triangulate(points: Landmarks, size: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Return the Delaunay triangles of points (N, 2), inside an image of `size` (W, H), as indices (T, 3)."""
    subdivision = cv2.Subdiv2D((0, 0, *size))
    for x, y in points:
        subdivision.insert((float(x), float(y)))
    corners = np.asarray(subdivision.getTriangleList(), np.float32).reshape(-1, 3, 2)
    # The other triangles have corners at the subdivision's auxiliary points.
    is_inside = ((corners >= 0) & (corners <= size)).all(axis=(1, 2))
    # OpenCV returns the corners as coordinates, so the nearest point gives each its index.
    distances = np.linalg.norm(corners[is_inside][:, :, None] - points[None, None], axis=3)  # (T, 3, N)
    return np.asarray(distances.argmin(axis=2), np.intp)


def _draw_triangle(canvas: RGBImage, corners: Landmarks, donor: RGBImage, donor_corners: Landmarks) -> None:
    """Fill the triangle `corners` (3, 2) of `canvas`, in place, with the donor's triangle."""
    x, y, width, height = cv2.boundingRect(corners)
    # One pixel more, because rounding may move a corner beyond the rectangle.
    width = min(width + 1, canvas.shape[1] - x)
    height = min(height + 1, canvas.shape[0] - y)
    if width <= 0 or height <= 0:
        return
    local_corners = np.asarray(corners - (x, y), np.float32)
    matrix = cv2.getAffineTransform(np.asarray(donor_corners, np.float32), local_corners)
    patch = cv2.warpAffine(
        donor, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, np.round(local_corners).astype(np.int32), 1)
    window = canvas[y : y + height, x : x + width]
    window[mask > 0] = patch[mask > 0]


def _hull(points: Landmarks) -> npt.NDArray[np.int32]:
    """Return the corners (K, 1, 2) of the convex hull of points (N, 2), rounded to whole pixels."""
    return np.asarray(cv2.convexHull(np.round(points).astype(np.int32)), np.int32)
