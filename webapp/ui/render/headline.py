"""The first thing a visitor reads: one sentence, then why, and what can be done."""

from __future__ import annotations

from html import escape

from laanet_core.errors import UnreadableMedia
from laanet_core.results import AnalysisResult, ModelInfo, number_text
from webapp.ui.texts import Texts


def headline(result: AnalysisResult, texts: Texts, *, unstable: bool = False) -> str:
    """One sentence first, then why, with the code of a rejection. `unstable`: the verdict does not hold (see `laanet_core.stability`)."""
    state = "unstable" if unstable else (result.verdict or result.outcome)
    title, explanation = texts.outcomes[state]
    if state == "fake":
        title = title.format(subject=_subject(result, texts))
    if result.error:
        explanation = texts.errors.get(result.error.code, result.error.message)
    parts = [f"<h2>{escape(title)}</h2>", f"<p>{escape(explanation)}</p>"]
    if result.fake_prob is not None:
        several = len(result.tracks) > 1 if result.kind == "video" else len(result.faces) > 1
        level = texts.highest_of_persons if result.kind == "video" else texts.highest_of_faces
        note = f" ({escape(level)})" if several else ""
        parts.append(f"<p class='lens-prob'>{escape(texts.fake_probability)} <strong>{number_text(result.fake_prob)}</strong>{note}</p>")
    if result.error:
        parts.append(f"<p class='lens-code'>{escape(texts.code)}: <code>{escape(result.error.code)}</code></p>")
    colour = "inconclusive" if unstable else state
    return f"<section class='lens-head lens-{colour}'>{''.join(parts)}</section>"


def message(text: str) -> str:
    """A plain notice in the place of a result."""
    return f"<section class='lens-head'><p>{escape(text)}</p></section>"


def stand_in(info: ModelInfo, texts: Texts) -> str:
    """Above everything, where other weights answer than the host wanted."""
    words = escape(texts.stand_in.format(name=info.name, version=info.version))
    return f"<p class='lens-notice' role='status'>{words}</p>"


def welcome(texts: Texts) -> str:
    """Before there is an answer: where it will be, and what the three verdicts mean."""
    rows = "".join(
        f"<dt class='lens-pill lens-{verdict}'>{escape(texts.verdicts[verdict])}</dt><dd>{escape(texts.outcomes[verdict][1])}</dd>"
        for verdict in ("fake", "real", "inconclusive")
    )
    return f"<section class='lens-head'><p>{escape(texts.waiting)}</p></section><dl class='lens-welcome'>{rows}</dl>"


def _subject(result: AnalysisResult, texts: Texts) -> str:
    verdicts = [track.verdict for track in result.tracks] if result.kind == "video" else [face.verdict for face in result.faces]
    if len(verdicts) == 1:
        return texts.this_face
    words = texts.of_persons if result.kind == "video" else texts.of_faces
    return words.format(fakes=verdicts.count("fake"), count=len(verdicts))


def reason(error: UnreadableMedia, texts: Texts) -> str:
    """Why something cannot be made of a file that was read before: it has been swept meanwhile, or its decoding failed this time."""
    return texts.file_gone if error.code == "file_not_found" else texts.errors.get(error.code, error.message)
