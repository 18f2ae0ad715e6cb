"""How far a verdict can be trusted: whether it holds when the picture loses quality."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from laanet_core.results import FaceResult, number_text
from laanet_core.stability import Stability
from webapp.ui.render.faces import pill
from webapp.ui.texts import Texts


def stability_strip(faces: Sequence[FaceResult], found: Sequence[Stability | None], texts: Texts, *, clip: bool = False) -> str:
    """One row per face: its score as given and after each change, and whether the verdict holds; "" where nothing was scored.

    The faces of a clip are those of one frame, called by the persons they belong to.
    """
    rows = [
        _row(_name(number, face, texts), face, stability, texts)
        for number, (face, stability) in enumerate(zip(faces, found, strict=True), start=1)
        if stability is not None
    ]
    if not rows:
        return ""
    help_ = texts.stability_help_clip if clip else texts.stability_help
    return (
        f"<section class='lens-stability'><h3>{escape(texts.stability)}</h3><p class='lens-help'>{escape(help_)}</p>"
        f"{''.join(rows)}</section>"
    )


def reliability_lines(lines: Sequence[tuple[str, int, float, float, float]], texts: Texts) -> str:
    """How often such scores were fake, of every face there is enough known of: its name, then count, share, and the interval's ends."""
    if not lines:
        return ""
    rows = "".join(f"<p><b>{escape(name)}</b> {escape(_measured(texts, *numbers))}</p>" for name, *numbers in lines)
    return f"<section class='lens-reliability'>{rows}</section>"


def _measured(texts: Texts, count: float, share: float, low: float, high: float) -> str:
    return texts.reliability.format(count=round(count), share=f"{share:.0%}", low=f"{low:.0%}", high=f"{high:.0%}")


def waiting_strip(texts: Texts) -> str:
    """While the faces are being judged again."""
    words = f"<h3>{escape(texts.stability)}</h3><p class='lens-help'>{escape(texts.stability_running)}</p>"
    return f"<section class='lens-stability'>{words}</section>"


def _name(number: int, face: FaceResult, texts: Texts) -> str:
    return texts.face_number.format(number=number) if face.track is None else texts.person_number.format(number=face.track + 1)


def _row(name: str, face: FaceResult, stability: Stability, texts: Texts) -> str:
    cells = [_cell(texts.stability_names["original"], face.fake_prob, face.verdict, texts)]
    cells += [_cell(texts.stability_names[v.name], v.fake_prob, v.verdict, texts, opposite=v.opposite) for v in stability.variants]
    words, state = _conclusion(face, stability, texts)
    return (
        f"<div class='lens-strip'><b>{escape(name)}</b><ul>{''.join(cells)}</ul><p class='lens-pill lens-{state}'>{escape(words)}</p></div>"
    )


def _conclusion(face: FaceResult, stability: Stability, texts: Texts) -> tuple[str, str]:
    """What the row comes to, in words, and the verdict whose colour they have. Where nothing could be told, nothing can hold."""
    same = all(variant.verdict == face.verdict for variant in stability.variants)
    if face.verdict == "inconclusive":
        return (texts.stability_untold if same else texts.stability_told_after), "inconclusive"
    if not stability.stable:
        return texts.stability_flips, "inconclusive"
    return (texts.stability_holds if same else texts.stability_wavers), "real"


def _cell(name: str, prob: float | None, verdict: str | None, texts: Texts, *, opposite: bool = False) -> str:
    mark = " class='lens-opposite'" if opposite else ""
    return f"<li{mark}><span>{escape(name)}</span><strong>{number_text(prob)}</strong>{pill(verdict, texts)}</li>"
