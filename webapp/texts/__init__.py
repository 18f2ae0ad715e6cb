"""Catalogue of every sentence that visitors, moderators and readers of reports see.

One file per language: a translator copies `english.py`, translates the values and adds the language to
`LANGUAGES`. A missing or surplus key stops the import. A test compares the placeholders of all languages.
The moderators' desk exists in English only: `desk`, `measures` and `model`.
"""

from __future__ import annotations

from collections.abc import Mapping

from webapp.texts.chinese import CHINESE
from webapp.texts.english import ENGLISH
from webapp.texts.schema import Texts

# By `Texts.code`. The first language is served at "/".
LANGUAGES: Mapping[str, Texts] = {texts.code: texts for texts in (ENGLISH, CHINESE)}

__all__ = ["LANGUAGES", "Texts"]
