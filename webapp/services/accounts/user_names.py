"""Names of local accounts, restricted so that no two of them can be confused."""

from __future__ import annotations

import unicodedata

from webapp.db.tables.account import MAX_NAME
from webapp.domain.errors import Refused
from webapp.domain.text import is_storable
from webapp.services.accounts.principal import FEDERATED_PREFIX

# Scripts by the first word of their letters' Unicode names. Japanese mixes several scripts and counts as one.
_JAPANESE = "japanese"
_JAPANESE_WORDS = ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC")
_SCRIPTS = {
    *("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "ETHIOPIC"),
    *("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA"),
    *("MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "HANGUL", "BOPOMOFO"),
    _JAPANESE,
}
# Letters and marks of these scripts that are invisible.
_INVISIBLE = frozenset("\u115f\u1160\u17b4\u17b5")
# Confusable letters after normalisation, although each name is in one script.
# Japanese mixes kana and characters.
_CONFUSABLES = str.maketrans(
    "аеорсухіѕјԁһԛԝӏѵкү" "αονρικυγχωη" "օոհսցզյ" "ס" "ıɑɡĸᴏᴄꜱᴠᴡᴢ" "01|" "ヘリエカニロタハトオチー",
    "aeopcyxisjdhqwlvky" "aovpikuyxwn" "onhugqj" "o" "iagkocsvwz" "oll" "へり工力二口夕八卜才千一",
)  # fmt: skip


def normalise_name(name: str) -> str:
    """Return the form in which a name is stored and looked up: NFKC, without outer spaces, case-folded."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def check_name(name: str) -> str:
    """Return the normalised name of a new local account: letters of one script, ASCII digits and signs.

    Raises Refused with invalid_name.
    """
    name = normalise_name(name)
    has_spaces_or_controls = any(unicodedata.category(letter)[0] in "CZ" for letter in name)
    if not 1 <= len(name) <= MAX_NAME or not is_storable(name) or has_spaces_or_controls:
        raise Refused("invalid_name", f"A name must have 1 to {MAX_NAME} characters and no spaces.")
    if name.startswith(FEDERATED_PREFIX):
        raise Refused(
            "invalid_name",
            f"Names that begin with {FEDERATED_PREFIX} are those of people who sign in with Hugging Face.",
        )
    scripts = {_script(letter) for letter in name if not letter.isascii() or letter.isalpha()}
    if len(scripts) > 1:
        raise Refused(
            "invalid_name", "A name must be in one script: letters of several can be taken for one another."
        )
    return name


def confusable_form(name: str) -> str:
    """Return a form that is equal for any two normalised names that look alike."""
    return unicodedata.normalize("NFD", name).translate(_CONFUSABLES)


def _script(letter: str) -> str:
    """Return the script of a visible letter or mark. Raises Refused with invalid_name for anything else."""
    word = unicodedata.name(letter, "").partition(" ")[0]
    script = _JAPANESE if word in _JAPANESE_WORDS else word
    is_letter = unicodedata.category(letter)[0] in "LM"
    if not is_letter or letter in _INVISIBLE or script not in _SCRIPTS:
        raise Refused(
            "invalid_name", "A name can have letters, and digits and signs as on an English keyboard."
        )
    return script
