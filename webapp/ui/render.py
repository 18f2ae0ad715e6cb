"""Results as HTML: pure functions from records to text. Every word that is not ours is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

import cv2
import numpy as np

from laanet_core.config import DecisionConfig
from laanet_core.crops import RGBImage
from laanet_core.moments import Moment
from laanet_core.overlay import heat_layer
from laanet_core.results import AnalysisResult, FaceResult, ModelInfo, Verdict, number_text, size_text
from webapp.ui import texts

SHOWN_SIDE = 1280  # longer side of a picture sent to the page
_STRENGTH = 75  # per cent, where the slider begins


def headline(result: AnalysisResult) -> str:
    """One sentence first, then why, with the code of a rejection."""
    state = result.verdict or result.outcome
    title, explanation = texts.OUTCOMES[state]
    if state == "fake":
        title = title.format(subject=_subject(result))
    if result.error:
        explanation = result.error.message
    parts = [f"<h2>{escape(title)}</h2>", f"<p>{escape(explanation)}</p>"]
    if result.fake_prob is not None:
        level = "highest of all persons, over the clip" if result.kind == "video" else "highest of all faces"
        several = len(result.tracks) > 1 if result.kind == "video" else len(result.faces) > 1
        parts.append(
            f"<p class='lens-prob'>Fake probability <strong>{number_text(result.fake_prob)}</strong>{f' ({level})' if several else ''}</p>"
        )
    if result.error:
        parts.append(f"<p class='lens-code'>Code: <code>{escape(result.error.code)}</code></p>")
    return f"<section class='lens-head lens-{state}' role='status'>{''.join(parts)}</section>"


def message(text: str) -> str:
    """A plain notice in the place of a result."""
    return f"<section class='lens-head' role='status'><p>{escape(text)}</p></section>"


def picture(rgb: RGBImage, faces: Sequence[FaceResult]) -> str:
    """The picture with its faces boxed and numbered, the heatmap as a layer whose strength a slider sets."""
    return f"<div class='lens-view' style='--heat:{_STRENGTH / 100}'>{_figure(rgb, faces, '')}{_slider(faces)}</div>"


def moments(found: Iterable[Moment]) -> str:
    """The most suspicious frames of a clip, in order of time."""
    figures = [(moment.time, _figure(moment.rgb, moment.faces, f"{moment.time:.2f} s"), moment.faces) for moment in found]
    if not figures:
        return ""
    faces = [face for _, _, some in figures for face in some]
    inner = "".join(figure for _, figure, _ in sorted(figures, key=lambda entry: entry[0]))
    return (
        f"<div class='lens-view' style='--heat:{_STRENGTH / 100}'><h3>{texts.WORST}</h3>"
        f"<div class='lens-moments'>{inner}</div>{_slider(faces)}</div>"
    )


def table(result: AnalysisResult) -> str:
    """Per face of a picture, or per person of a clip: verdict in words, probability, raw score."""
    rows: list[tuple[int, Verdict | None, float | None, float | None, str]]
    if result.kind == "video":
        heads = ("Person", "Verdict", "Fake probability", "Raw score", "Frames judged")
        rows = [(t.track + 1, t.verdict, t.fake_prob, t.fake_logit, str(t.frames)) for t in result.tracks]
    else:
        heads = ("Face", "Verdict", "Fake probability", "Raw score", "Size in pixels")
        rows = [(n, f.verdict, f.fake_prob, f.fake_logit, size_text(f.box)) for n, f in enumerate(result.faces, start=1)]
    if not rows:
        return ""
    head = "".join(f"<th scope='col'>{name}</th>" for name in heads)
    body = "".join(
        f"<tr><th scope='row'>{number}</th><td><span class='lens-pill lens-{verdict or 'unjudged'}'>{texts.VERDICTS[verdict]}</span></td>"
        f"<td>{number_text(prob)}</td><td>{number_text(logit)}</td><td>{last}</td></tr>"
        for number, verdict, prob, logit, last in rows
    )
    return f"<div class='lens-table'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def timeline(result: AnalysisResult) -> list[dict[str, float | str]]:
    """One row per judged face and frame: `time` in seconds, `fake_prob`, and the `person` it belongs to."""
    return [
        {"time": round(face.time, 3), "fake_prob": round(face.fake_prob, 4), "person": f"Person {face.track + 1}"}
        for face in result.faces
        if face.time is not None and face.fake_prob is not None and face.track is not None
    ]


def model_facts(info: ModelInfo, decision: DecisionConfig, notice: str | None) -> str:
    """Which weights answer and how a score becomes a verdict, with the licence notice where there is one."""
    facts = {
        "Model": f"{info.name}, version {info.version}",
        "Weights (sha256)": info.sha256,
        "No sign below": number_text(decision.real_below),
        "Looks manipulated above": number_text(decision.fake_above),
        "Temperature": number_text(decision.temperature) + ("" if decision.calibrated else " (not calibrated)"),
        "Smallest face judged": f"{decision.min_face_size} pixels",
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<dl class='lens-facts'>{rows}</dl>" + (f"<p class='lens-notice'>{escape(notice)}</p>" if notice else "")


def _subject(result: AnalysisResult) -> str:
    verdicts = [track.verdict for track in result.tracks] if result.kind == "video" else [face.verdict for face in result.faces]
    if len(verdicts) == 1:
        return "This face"
    fakes = verdicts.count("fake")
    return f"{fakes} of {len(verdicts)} {'persons' if result.kind == 'video' else 'faces'}"


def _figure(rgb: RGBImage, faces: Sequence[FaceResult], caption: str) -> str:
    height, width = rgb.shape[:2]
    scale = min(SHOWN_SIDE / max(height, width), 1.0)
    shown = rgb
    if scale < 1:
        shown = np.asarray(
            cv2.resize(rgb, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=cv2.INTER_AREA), np.uint8
        )
    layer = heat_layer(shown.shape, faces, scale=scale)
    alt = escape(_alternative(faces))
    boxes = "".join(_box(face, number, width, height) for number, face in enumerate(faces, start=1))
    note = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f"<figure class='lens-figure'><div class='lens-stage' style='--ratio:{width / height:.5f}'>"
        f"<img src='{_data_uri(shown, '.jpg')}' alt='{alt}'>"
        f"<img class='lens-heat' src='{_data_uri(layer, '.png')}' alt=''>{boxes}</div>{note}</figure>"
    )


def _slider(faces: Sequence[FaceResult]) -> str:
    if not any(face.heatmap is not None for face in faces):
        return ""
    return (
        f"<label class='lens-slider'>{texts.HEAT_STRENGTH} <input type='range' min='0' max='100' value='{_STRENGTH}' "
        "oninput=\"this.closest('.lens-view').style.setProperty('--heat', this.value / 100)\"></label>"
        f"<p class='lens-legend'><span aria-hidden='true'></span>{texts.HEAT_LEGEND}</p>"
    )


def _box(face: FaceResult, number: int, width: int, height: int) -> str:
    x1, y1, x2, y2 = face.box
    place = f"left:{x1 / width:.3%};top:{y1 / height:.3%};width:{(x2 - x1) / width:.3%};height:{(y2 - y1) / height:.3%}"
    return f"<span class='lens-box lens-{face.verdict or 'unjudged'}' style='{place}' aria-hidden='true'><b>{number}</b></span>"


def _alternative(faces: Sequence[FaceResult]) -> str:
    if not faces:
        return "The picture; no face was found in it."
    words = [f"face {number} {texts.VERDICTS[face.verdict]}" for number, face in enumerate(faces, start=1)]
    return f"The picture with {len(faces)} {'face' if len(faces) == 1 else 'faces'}: {', '.join(words)}."


def _data_uri(pixels: RGBImage, extension: str) -> str:
    order = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    encoded = cv2.imencode(extension, cv2.cvtColor(pixels, order))[1]
    kind = "jpeg" if extension == ".jpg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(encoded.tobytes()).decode()}"
