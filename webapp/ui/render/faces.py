"""One row per face of a picture or person of a clip."""

from __future__ import annotations

from html import escape

from laanet_core.results import AnalysisResult, Verdict, number_text, size_text
from webapp.ui.texts import Texts

Row = tuple[int, Verdict | None, float | None, float | None, str]


def table(result: AnalysisResult, texts: Texts) -> str:
    """Per face of a picture, or per person of a clip: verdict in words, probability, raw score."""
    rows: list[Row]
    if result.kind == "video":
        heads = texts.columns_video
        rows = [(t.track + 1, t.verdict, t.fake_prob, t.fake_logit, str(t.frames)) for t in result.tracks]
    else:
        heads = texts.columns_image
        rows = [(n, f.verdict, f.fake_prob, f.fake_logit, size_text(f.box)) for n, f in enumerate(result.faces, start=1)]
    if not rows:
        return ""
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in heads)
    body = "".join(_row(row, texts) for row in rows)
    return f"<div class='lens-table'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _row(row: Row, texts: Texts) -> str:
    number, verdict, prob, logit, last = row
    return (
        f"<tr><th scope='row'>{number}</th><td>{pill(verdict, texts)}</td>"
        f"<td>{number_text(prob)}</td><td>{number_text(logit)}</td><td>{escape(last)}</td></tr>"
    )


def pill(verdict: str | None, texts: Texts) -> str:
    """A verdict in words, in its colour."""
    state = verdict or "unjudged"
    return f"<span class='lens-pill lens-{state}'>{escape(texts.verdicts[state])}</span>"
