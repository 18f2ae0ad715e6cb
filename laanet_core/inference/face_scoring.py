"""Crops and scores of found faces: from detected boxes to results with verdicts and heatmaps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from laanet_core.decision import DecisionConfig, fake_probability, verdict_of
from laanet_core.faces.crops import ENLARGEMENT
from laanet_core.faces.detector import DetectedFace
from laanet_core.faces.face_budget import FaceBudget
from laanet_core.faces.face_crops import FaceCrops, crop_faces, crop_upright
from laanet_core.faces.quality import AssessedFace, FaceAssessor
from laanet_core.inference.scoring import Scores, turn_heatmap
from laanet_core.results import FaceResult, Heatmap
from laanet_core.types import RGBImage

# Function of crops (S, S, 3) uint8 RGB, with S the model's input size.
ScoreCrops = Callable[[Sequence[RGBImage]], Scores]


class FaceScorer:
    """Crops of a picture's faces in `input_size` pixels, and their scores by `score_crops`. Thread-safe."""

    def __init__(
        self, assessor: FaceAssessor, decision: DecisionConfig, input_size: int, score_crops: ScoreCrops
    ) -> None:
        self._assessor = assessor
        self._decision = decision
        self._input_size = input_size
        self._score_crops = score_crops

    def crop(
        self,
        rgb: RGBImage,
        faces: Sequence[DetectedFace],
        *,
        frame_time: float | None = None,
        enlargement: float = ENLARGEMENT,
        budget: FaceBudget | None = None,
    ) -> FaceCrops:
        """Assess and crop the faces of rgb (H, W, 3) uint8, see `face_crops.crop_faces`."""
        return crop_faces(
            rgb,
            faces,
            self._input_size,
            self._assessor,
            min_face_size=self._decision.min_face_size,
            enlargement=enlargement,
            time=frame_time,
            budget=budget,
        )

    def crop_again(self, rgb: RGBImage, face: FaceResult) -> FaceCrops:
        """Crop a face of an earlier result on rgb (H, W, 3) uint8 as it was judged."""
        detected = DetectedFace(face.box, face.detection_prob)
        assessed = [AssessedFace(detected, face.quality, face.not_judged)]
        if face.not_judged is not None:
            return FaceCrops(assessed, [None], [], face.time)
        square, crop = crop_upright(rgb, face.box, face.quality, self._input_size, self._assessor)
        return FaceCrops(assessed, [square], [crop], face.time)

    def score(self, pictures: Sequence[FaceCrops]) -> list[list[FaceResult]]:
        """Score the faces of several pictures together; faces that are not judged get no score."""
        scores = self._score_crops([crop for picture in pictures for crop in picture.crops])
        # One score per crop, in order; a face that is not judged has no square and no crop.
        remaining_scores = zip(
            scores.fake_logit.tolist(), scores.unmirrored_logit.tolist(), scores.heatmap, strict=True
        )
        results: list[list[FaceResult]] = []
        for picture in pictures:
            faces: list[FaceResult] = []
            for assessed, square in zip(picture.faces, picture.squares, strict=True):
                if square is None:
                    faces.append(_unjudged_face(assessed, picture.time))
                    continue
                fake_logit, unmirrored_logit, heatmap = next(remaining_scores)
                roll = self._assessor.crop_roll(assessed.quality)
                upright = Heatmap(turn_heatmap(heatmap, roll), square)
                result = self._judged_face(assessed, fake_logit, upright, picture.time)
                faces.append(dataclasses.replace(result, unmirrored_logit=unmirrored_logit))
            results.append(faces)
        return results

    def _judged_face(
        self, assessed: AssessedFace, fake_logit: float, heatmap: Heatmap, frame_time: float | None
    ) -> FaceResult:
        face = assessed.face
        fake_prob = fake_probability(fake_logit, self._decision)
        return FaceResult(
            face.box,
            face.prob,
            fake_logit,
            fake_prob,
            verdict_of(fake_prob, self._decision),
            time=frame_time,
            heatmap=heatmap,
            quality=assessed.quality,
        )


def _unjudged_face(assessed: AssessedFace, frame_time: float | None) -> FaceResult:
    return FaceResult(
        assessed.face.box,
        assessed.face.prob,
        None,
        None,
        None,
        time=frame_time,
        quality=assessed.quality,
        not_judged=assessed.not_judged,
    )
