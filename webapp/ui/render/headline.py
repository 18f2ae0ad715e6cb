"""The first thing a visitor reads: one sentence, then why, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from laanet_core.errors import UnreadableMedia
from laanet_core.inference.key_frames import Stretch, longest_fake
from laanet_core.results import AnalysisResult, ModelInfo, number_text
from webapp.texts import Texts


def headline(result: AnalysisResult, texts: Texts, *, unstable: bool = False) -> str:
    """One sentence first, then why, with the code of a rejection.

    `result` has the verdicts that are left (`laanet_core.inference.stable_verdicts`); `unstable`: its own was another one before.
    """
    state = "unstable" if unstable else (result.verdict or result.outcome)
    verdicts = (
        [track.verdict for track in result.tracks]
        if result.kind == "video"
        else [face.verdict for face in result.faces]
    )
    said = [texts.outcomes[state][1]]
    if result.error:
        said = [texts.errors.get(result.error.code, result.error.message)]
    said += [texts.cautions[caution] for caution in result.cautions]
    said += others(verdicts, state, texts)
    if state == "inconclusive" and result.kind == "video":
        unsure = [track.track for track in result.tracks if track.verdict == "inconclusive"]
        said += stretch(
            longest_fake(((face.track, face.time, face.verdict) for face in result.faces), unsure),
            len(verdicts),
            texts,
        )
    parts = [
        f"<h2>{escape(title(state, result.kind, verdicts, texts))}</h2>",
        *(f"<p>{escape(sentence)}</p>" for sentence in said),
    ]
    if result.fake_prob is not None:
        level = texts.highest_of_persons if result.kind == "video" else texts.highest_of_faces
        note = f" ({escape(level)})" if len(verdicts) > 1 else ""
        parts.append(
            f"<p class='lens-prob'>{escape(texts.fake_probability)} <strong>{number_text(result.fake_prob)}</strong>{note}</p>"
        )
    if result.error:
        parts.append(
            f"<p class='lens-code'>{escape(texts.code)}: <code>{escape(result.error.code)}</code></p>"
        )
    return f"<section class='lens-head lens-{colour(state)}'>{''.join(parts)}</section>"


def colour(state: str) -> str:
    return "inconclusive" if state == "unstable" else state


def title(state: str, kind: str, verdicts: Sequence[str | None], texts: Texts) -> str:
    """The sentence of an outcome; where one of several faces or persons decided it, with how many they are."""
    words = texts.of_persons if kind == "video" else texts.of_faces
    several = words.format(some=verdicts.count(colour(state)), count=len(verdicts))
    if state == "fake":
        return texts.outcomes[state][0].format(subject=texts.this_face if len(verdicts) == 1 else several)
    return texts.untold_of.format(subject=several) if _shared(verdicts, state) else texts.outcomes[state][0]


def others(verdicts: Sequence[str | None], state: str, texts: Texts) -> list[str]:
    """What was said of the others, where what cannot be told is one of several."""
    if not _shared(verdicts, state):
        return []
    counts = [
        (verdicts.count(None if name == "unjudged" else name), words)
        for name, words in texts.verdicts.items()
        if name != "inconclusive"
    ]
    return [texts.others.format(verdicts=", ".join(f"{count} × {words}" for count, words in counts if count))]


def stretch(found: Stretch | None, persons: int, texts: Texts) -> list[str]:
    """When a clip that cannot be told as a whole looks manipulated."""
    if found is None:
        return []
    sentence = texts.stretch if found.end > found.start else texts.stretch_frame
    who = f"{texts.person_number.format(number=found.track + 1)}: " if persons > 1 else ""
    return [who + sentence.format(start=f"{found.start:.2f}", end=f"{found.end:.2f}")]


def _shared(verdicts: Sequence[str | None], state: str) -> bool:
    return colour(state) == "inconclusive" and 0 < verdicts.count("inconclusive") < len(verdicts)


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


def reason(error: UnreadableMedia, texts: Texts) -> str:
    """Why something cannot be made of a file that was read before: it has been swept meanwhile, or its decoding failed this time."""
    return texts.file_gone if error.code == "file_not_found" else texts.errors.get(error.code, error.message)
