"""Components that several pages share; the browser tests cover the look."""

from __future__ import annotations

import gradio as gr
import pytest

from tests import asynchronous
from webapp.texts import LANGUAGES, Texts
from webapp.ui.pages.analyse.layout import drop_zone_words, header


def contents(texts: Texts, page: str) -> str:
    """Return the HTML of the header of a page."""

    # Without a running event loop Gradio makes loops that it never closes.
    async def build() -> gr.Blocks:
        with gr.Blocks(analytics_enabled=False) as blocks:
            header(texts, page=page)
        return blocks

    blocks = asynchronous.run(build())
    return "".join(part.value for part in blocks.blocks.values() if isinstance(part, gr.HTML))


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_only_the_receipt_page_has_a_sentence_for_an_open_result(texts: Texts) -> None:
    assert f'<p class="lens-tagline-of-result">{texts.receipt_open}</p>' in contents(texts, "receipt")
    assert "lens-tagline-of-result" not in contents(texts, "verify")
    assert texts.verification.help in contents(texts, "verify")


def test_words_of_a_drop_zone_cannot_end_their_element() -> None:
    with pytest.raises(ValueError, match="tag"):
        drop_zone_words("</style>", "choose")
