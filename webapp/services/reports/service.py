"""A report of one analysis that a person can hand on: as data, and as a PDF with pictures.

Neither has the file's name, its path or the receipt. Nothing here reads the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laanet_core.documents import AnalysisDocument, FaceDocument, StabilityDocument, TrackDocument
from laanet_core.inference.key_frames import Moment
from laanet_core.types import RGBImage
from webapp.services.reports.content import Report
from webapp.services.reports.json_images import images
from webapp.services.reports.layout import build

__all__ = ["FORMAT", "FORMAT_VERSION", "Report", "report_json", "report_pdf"]

FORMAT = "laanet-lens-report"
FORMAT_VERSION = 1  # grows when a key is renamed, removed or changes its meaning; new keys do not change it


def report_json(
    report: Report, rgb: RGBImage | None = None, moments: Sequence[Moment] = ()
) -> dict[str, Any]:
    """The report as an object of plain JSON values.

    - `format`, `format_version`: FORMAT and FORMAT_VERSION; `language`: of `limits` and nothing else
    - `created`: when the report was made, ISO 8601 in UTC, to the second
    - `media`: `sha256` of the file's bytes, `kind` (image, video), `size` as {`width`, `height`} of the upright picture in pixels or null
    - `model`: `name`, `version`, `sha256` of its weights, `notice` (the weights' terms) or null
    - `decision`: `temperature`, `real_below`, `fake_above`, `min_face_size` in pixels, `calibrated`; a face is real below the one
      threshold, fake above the other, inconclusive from one to the other, both included
    - `outcome` (verdict, no_face, face_too_small, rejected), `verdict` (real, fake, inconclusive) or null, `fake_prob` in [0, 1] or null,
      `error` as {`code`, `message`} or null: as the model answered
    - `cautions`, where only a part of the file was judged: cut_short, damaged_parts, first_picture_only
    - `shown_verdict`: the one that the PDF and the page show: `verdict`, or inconclusive where that does not hold; `stability`: whether the
      verdicts hold, of every face tried (of clips those of the most suspicious frame) its `number` in `faces`, `variants` with `name`
      (jpeg_90, jpeg_70, jpeg_50, half_size, mirrored), scores, verdict, the verdict it is held against and whether it is its opposite,
      `stable`, and the `verdict` that is left; null where it was not tried yet
    - `faces`: each with `number` (as in the PDF of a photo), `box` [x1, y1, x2, y2] in pixels of the upright original, `detection_prob`,
      `fake_logit`, `fake_prob` = sigmoid(`fake_logit` / `temperature`), `verdict`, `time` in seconds of the clip or null, `track` (from 0)
      and `person` (from 1, as in the PDF) or null
    - `tracks`, of clips only: each person over the whole clip, with `track`, `person`, `frames`, `fake_logit`, `fake_prob`, `verdict`
    - `reliability`: of faces (photos) or persons (clips) of which enough is known, with `number`, `count` moderators' decisions on faces
      drawn at random that the same model scored from `scores[0]` to `scores[1]`, `fakes` of them, their `share` and its 95 % `interval`
    - `images`: of every judged face of the photo `rgb` (H, W, 3) uint8, or of a clip's `moments`: `number` in `faces`, `time`, `crop` with
      `jpeg` (base64, 224 x 224 pixels) and the `box` that it shows, `heatmap` with `png` (base64, grey, S/4 x S/4, 255 is 1) and its `box`
    - `limits`: what the report can and cannot say, sentences

    Scores, probabilities and thresholds have four decimals, the digits of the PDF and of the page.
    """
    result = report.result
    answer = AnalysisDocument.from_result(result).to_json()
    size = None if result.size is None else dict(zip(("width", "height"), result.size, strict=True))
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "language": report.texts.code,
        "created": report.created_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "media": {"sha256": report.media_sha256, "kind": result.kind, "size": size},
        "model": {**answer["model"], "notice": report.notice},
        "decision": {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in report.decision.to_dict().items()
        },
        **{key: answer[key] for key in ("outcome", "verdict", "fake_prob", "error", "cautions")},
        "shown_verdict": report.shown.verdict,
        "stability": _stability(report),
        "faces": [
            {
                "number": number,
                **FaceDocument.from_result(face).to_json(),
                "person": None if face.track is None else face.track + 1,
            }
            for number, face in enumerate(result.faces, start=1)
        ],
        **(
            {
                "tracks": [
                    {**TrackDocument.from_result(track).to_json(), "person": track.track + 1}
                    for track in result.tracks
                ]
            }
            if result.kind == "video"
            else {}
        ),
        "reliability": [
            {"number": subject.number, **subject.reliability.figures().model_dump(mode="json")}
            for subject in report.reliabilities()
        ],
        "images": images(result.faces, rgb, moments),
        "limits": list(report.texts.report.limits),
    }


def _stability(report: Report) -> list[dict[str, Any]] | None:
    if report.stabilities is None:
        return None
    numbers = {id(face): number for number, face in enumerate(report.result.faces, start=1)}
    return [
        {"number": numbers[id(entry.face)], **StabilityDocument.from_result(entry.stability).to_json()}
        for entry in report.checked()
    ]


def report_pdf(report: Report, rgb: RGBImage | None = None, moments: Sequence[Moment] = ()) -> bytes:
    """The report as a PDF of A4 pages; the same inputs give the same bytes.

    `rgb` (H, W, 3) uint8 is the upright photo, `moments` are the frames of a clip to be shown; a report without them has words and
    numbers only. Raises ValueError when `rgb` is not of the size the result has.
    """
    if rgb is not None and report.result.size not in (None, (rgb.shape[1], rgb.shape[0])):
        raise ValueError(
            f"the picture has {rgb.shape[1]} x {rgb.shape[0]} pixels, the result is of one with {report.result.size}"
        )
    return build(report, rgb, moments)
