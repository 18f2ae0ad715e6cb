"""Addresses of the public pages in every language."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.texts import LANGUAGES, Texts
from webapp.texts.language_files import FIRST

# Parameter of the start page's address that keeps the visitor's choice of a language.
CHOICE = "lang"
# `hreflang` of the page for visitors with any other language.
ANY_LANGUAGE = "x-default"


def address(texts: Texts, page: str) -> str:
    """Return the path of a page in a language: "/", "/receipt", "/zh" or "/receipt-zh"."""
    is_first = texts.code == FIRST
    if not page:
        return "/" if is_first else f"/{texts.code}"
    return f"/{page}" if is_first else f"/{page}-{texts.code}"


def link_address(texts: Texts, page: str) -> str:
    """Return the address for a link. The start page's keeps its language against the browser's."""
    path = address(texts, page)
    return f"/?{CHOICE}={texts.code}" if path == "/" else path


def alternates(page: str) -> Iterator[tuple[str, str]]:
    """Yield `hreflang` and address of a page in every language, and for visitors with any other language.

    The start page without a language chooses by the browser's.
    """
    for texts in LANGUAGES.values():
        yield texts.code, link_address(texts, page)
    yield ANY_LANGUAGE, address(LANGUAGES[FIRST], page)
