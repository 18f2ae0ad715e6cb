"""Names of all pages for other sites, messengers and search engines."""

from __future__ import annotations

from webapp.texts import LANGUAGES
from webapp.texts.addresses import address, alternates
from webapp.ui.gradio_patches.share_tags import PageDescription


def page_descriptions() -> dict[str, PageDescription]:
    """Return the description of every page by its path without the first slash."""
    pages = {}
    for texts in LANGUAGES.values():
        for page, title, description in (
            ("", texts.title, texts.tagline),
            ("receipt", f"{texts.title}: {texts.receipt_title}", texts.receipt_help),
            ("verify", f"{texts.title}: {texts.verification.title}", texts.verification.help),
            ("programs", f"{texts.title}: {texts.programs.title}", texts.programs.help),
        ):
            path = address(texts, page).removeprefix("/")
            pages[path] = PageDescription(
                texts.code, texts.title, title, description, tuple(alternates(page))
            )
    return pages
