"""Catalogue of every sentence that visitors, moderators and readers of reports see.

One file per language: every `<code>.toml` in `languages` is served. A missing or unknown key or placeholder
stops the import. The moderators' desk exists in English only: `desk`, `measures` and `model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from webapp.texts.language_files import FIRST, read_languages
from webapp.texts.schema import Texts

# By `Texts.code`. The first language is served at "/".
LANGUAGES: Mapping[str, Texts] = read_languages(Path(__file__).with_name("languages"))
# Language of the desk and of programs.
ENGLISH = LANGUAGES[FIRST]

__all__ = ["ENGLISH", "LANGUAGES", "Texts"]
