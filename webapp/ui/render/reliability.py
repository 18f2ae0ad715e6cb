"""How far a verdict can be trusted: whether it holds when the picture loses quality."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from laanet_core.inference.stability import Stability
from laanet_core.inference.stable_verdicts import checked_faces, finding, named
from laanet_core.results import AnalysisResult, FaceResult, Verdict, number_text
from webapp.texts import Texts
from webapp.ui.render.faces import pill


def stability_strip(result: AnalysisResult, found: Sequence[Stability | None], texts: Texts) -> str:
    """One row per tried face (see `holding.checked_faces`): its score as given and after each change, and whether the verdict holds; ""
    where nothing was scored. `result` is the answer as it was given.

    The faces of a clip are those of one frame, called by the persons they belong to.
    """
    whole = {track.track: track.verdict for track in result.tracks}
    rows = [
        _row(
            _name(number, face, texts),
            face,
            stability,
            texts,
            whole.get(face.track) if face.track is not None else None,
        )
        for number, (face, stability) in enumerate(zip(checked_faces(result), found, strict=True), start=1)
        if stability is not None
    ]
    if not rows:
        return ""
    help_ = texts.stability_help_clip if result.kind == "video" else texts.stability_help
    return (
        f"<section class='lens-stability'><h3>{escape(texts.stability)}</h3><p class='lens-help'>{escape(help_)}</p>"
        f"{''.join(rows)}</section>"
    )


def reliability_lines(lines: Sequence[tuple[str, int, float, float, float]], texts: Texts) -> str:
    """How often such scores were fake, of every face there is enough known of: its name, then count, share, and the interval's ends."""
    if not lines:
        return ""
    rows = "".join(
        f"<p><b>{escape(name)}</b> {escape(_measured(texts, *numbers))}</p>" for name, *numbers in lines
    )
    return f"<section class='lens-reliability'>{rows}</section>"


def _measured(texts: Texts, count: float, share: float, low: float, high: float) -> str:
    return texts.reliability.format(
        count=round(count), share=f"{share:.0%}", low=f"{low:.0%}", high=f"{high:.0%}"
    )


def waiting_strip(texts: Texts) -> str:
    """While the faces are being judged again."""
    words = f"<h3>{escape(texts.stability)}</h3><p class='lens-help'>{escape(texts.stability_running)}</p>"
    return f"<section class='lens-stability'>{words}</section>"


def _name(number: int, face: FaceResult, texts: Texts) -> str:
    return (
        texts.face_number.format(number=number)
        if face.track is None
        else texts.person_number.format(number=face.track + 1)
    )


def _row(name: str, face: FaceResult, stability: Stability, texts: Texts, whole: Verdict | None) -> str:
    cells = [_cell(texts.stability_names["original"], face.fake_prob, face.verdict, texts)]
    cells += [
        _cell(texts.stability_names[v.name], v.fake_prob, v.verdict, texts, opposite=v.opposite)
        for v in stability.variants
    ]
    words, state = _conclusion(face, stability, texts, whole)
    return f"<div class='lens-strip'><b>{escape(name)}</b><ul>{''.join(cells)}</ul><p class='lens-pill lens-{state}'>{escape(words)}</p></div>"


def _conclusion(
    face: FaceResult, stability: Stability, texts: Texts, whole: Verdict | None
) -> tuple[str, str]:
    """What the row comes to, in words, and the verdict whose colour they have: green only where nothing is left open.

    `whole` is the verdict of a clip's person over all of its frames, of which this one may be no example.
    """
    come_to = finding(face.verdict, stability)
    words = [texts.stability_findings[come_to].format(names=_names(stability, "inconclusive", texts))]
    if too_small := _names(stability, None, texts):
        words.append(texts.stability_too_small.format(names=too_small))
    differs = whole is not None and whole != face.verdict
    if differs:
        words.append(texts.stability_one_frame.format(verdict=texts.verdicts[whole or "unjudged"]))
    state = {"holds": "real", "partly": "unjudged"}.get(come_to, "inconclusive")
    return " ".join(words), "inconclusive" if differs else state


def _names(stability: Stability, verdict: Verdict | None, texts: Texts) -> str:
    return ", ".join(texts.stability_names[name] for name in named(stability, verdict))


def _cell(name: str, prob: float | None, verdict: str | None, texts: Texts, *, opposite: bool = False) -> str:
    mark = " class='lens-opposite'" if opposite else ""
    return f"<li{mark}><span>{escape(name)}</span><strong>{number_text(prob)}</strong>{pill(verdict, texts)}</li>"
