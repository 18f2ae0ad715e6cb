"""Tests of the budget of faces per file."""

from __future__ import annotations

import numpy as np

from laanet_core.faces.crops import ENLARGEMENT
from laanet_core.faces.detector import DetectedFace, FaceDetector
from laanet_core.faces.face_budget import PICTURE_FACES, FaceBudget
from laanet_core.faces.face_crops import crop_faces
from laanet_core.faces.quality import FaceAssessor

NOISE = np.random.default_rng(0).integers(0, 256, (600, 3000, 3), dtype=np.uint8)


def faces_in_a_row(count: int, side: int) -> list[DetectedFace]:
    boxes = [(float(x * side), 0.0, float((x + 1) * side), float(side)) for x in range(count)]
    return [DetectedFace(box, 0.99) for box in boxes]


def test_few_faces_are_all_judged() -> None:
    budget = FaceBudget()
    faces = faces_in_a_row(PICTURE_FACES, 40)[: NOISE.shape[1] // 40]
    assert budget.choose(NOISE, faces, min_face_size=40) == set(range(len(faces)))
    assert not budget.is_exceeded


def test_sharp_faces_come_before_large_ones_and_small_ones_take_no_place() -> None:
    rgb = NOISE.copy()
    rgb[:300, :300] = 128
    blurred = DetectedFace((0, 0, 300, 300), 0.99)
    large = DetectedFace((400, 0, 700, 300), 0.99)
    small = DetectedFace((800, 0, 830, 30), 0.99)
    others = [DetectedFace((900, 0, 950, 50), 0.99)] * (PICTURE_FACES - 1)
    budget = FaceBudget()
    chosen = budget.choose(rgb, [blurred, small, *others, large], min_face_size=40)
    assert chosen == set(range(2, PICTURE_FACES + 2))
    assert budget.is_exceeded


def test_frames_of_a_clip_get_fewer_faces_the_more_were_judged() -> None:
    budget = FaceBudget(is_clip=True)
    faces = faces_in_a_row(60, 50)
    counts = [len(budget.choose(NOISE, faces, min_face_size=40)) for _ in range(160)]
    assert counts[0] == 16
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 4
    assert sum(counts) < 1300


def test_face_beyond_the_budget_is_listed_without_crop_and_without_reason() -> None:
    faces = [DetectedFace((0, 0, 50, 50), 0.99)] * (PICTURE_FACES + 1)
    assessor = FaceAssessor(FaceDetector())
    crops = crop_faces(
        NOISE, faces, 32, assessor, min_face_size=40, enlargement=ENLARGEMENT, budget=FaceBudget()
    )
    assert len(crops.faces) == PICTURE_FACES + 1
    assert len(crops.crops) == PICTURE_FACES
    assert (crops.squares[-1], crops.faces[-1].not_judged) == (None, None)
