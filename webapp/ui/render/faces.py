"""One row per face of a picture or person of a clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from laanet_core.results import AnalysisResult, Verdict, number_text, size_text
from webapp.texts import Texts

Row = tuple[int, Verdict | None, float | None, float | None, str]


def table(result: AnalysisResult, texts: Texts) -> str:
    """Per face of a picture, or per person of a clip: verdict in words, probability, raw score."""
    rows: list[Row]
    if result.kind == "video":
        heads = texts.columns_video
        rows = [(t.track + 1, t.verdict, t.fake_prob, t.fake_logit, str(t.frames)) for t in result.tracks]
    else:
        heads = texts.columns_image
        rows = [
            (n, f.verdict, f.fake_prob, f.fake_logit, size_text(f.box))
            for n, f in enumerate(result.faces, start=1)
        ]
    if not rows:
        return ""
    return grid(
        heads,
        (
            (str(n), pill(verdict, texts), number_text(p), number_text(logit), escape(last))
            for n, verdict, p, logit, last in rows
        ),
    )


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; `rows` are markup already, and the first cell of each names it. Every cell says its column, for narrow screens."""
    labels = [f"data-label='{escape(name)}'" for name in heads]
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in heads)
    body = ""
    for first, *others in rows:
        cells = "".join(f"<td {label}>{cell}</td>" for label, cell in zip(labels[1:], others, strict=True))
        body += f"<tr><th scope='row' {labels[0]}>{first}</th>{cells}</tr>"
    return f"<div class='lens-table'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def pill(verdict: str | None, texts: Texts) -> str:
    """A verdict in words, in its colour."""
    state = verdict or "unjudged"
    return f"<span class='lens-pill lens-{state}'>{escape(texts.verdicts[state])}</span>"
