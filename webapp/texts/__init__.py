"""Every word the visitor reads, in every language the page is offered in.

A translator copies `english.py`, translates the values and adds the language to `LANGUAGES`. `Texts` has no defaults: a key that is missing,
or one too many, stops the application at its start, and a test compares the places where numbers go in.
"""

from __future__ import annotations

from collections.abc import Mapping

from webapp.texts.chinese import CHINESE
from webapp.texts.english import ENGLISH
from webapp.texts.schema import Texts

LANGUAGES: Mapping[str, Texts] = {
    "en": ENGLISH,
    "zh": CHINESE,
}  # by the code that `<html lang>` gets; the first one is at "/"

__all__ = ["LANGUAGES", "Texts", "code_of"]


def code_of(texts: Texts) -> str:
    """The code of a language."""
    return next(code for code, other in LANGUAGES.items() if other is texts)
