"""Headline of a result, and the notices that the page shows instead of a headline."""

from __future__ import annotations

from markupsafe import Markup

from laanet_core.errors import UnreadableMedia
from laanet_core.results import AnalysisResult, ModelInfo
from webapp.texts import Texts
from webapp.texts.provenance_sentences import view_of
from webapp.texts.sentences import summarise
from webapp.ui.templating import render


def headline(result: AnalysisResult, texts: Texts, *, unstable: bool = False) -> Markup:
    """Return the verdict in one phrase, the explanation, the provenance, and the code of a rejection.

    `result` has the verdicts after the stability check. `unstable` is true if that check changed the verdict
    of the whole file.
    """
    return render(
        "headline.jinja",
        summary=summarise(result, unstable=unstable),
        provenance=view_of(result.provenance, result.conflict, texts.provenance),
        fake_prob=result.fake_prob,
        texts=texts,
    )


def message(text: str) -> Markup:
    """Return a plain notice, which the page shows instead of a result."""
    return render("message.jinja", text=text)


def fallback_notice(info: ModelInfo, texts: Texts) -> Markup:
    """Return the notice that the built-in model replaces the configured one."""
    text = texts.fallback_weights.format(name=info.name, version=info.version)
    return render("notice.jinja", text=text)


def example_note(caption: str, model: ModelInfo, texts: Texts) -> Markup:
    """Return the notice that a result is the stored answer to an example."""
    text = texts.example_note.format(caption=caption, name=model.name, version=model.version)
    return render("example_note.jinja", text=text)


def error_text(error: UnreadableMedia, texts: Texts) -> str:
    """Return the reason why an analysed file can no longer be read."""
    if error.code == "file_not_found":
        return texts.file_gone
    return texts.errors.get(error.code, error.message)
