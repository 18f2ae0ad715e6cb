"""Names of local accounts: such that nobody can call himself what looks like another."""

from __future__ import annotations

import unicodedata

from webapp.db.tables.account import MAX_NAME
from webapp.domain.errors import Refused
from webapp.domain.text import is_storable
from webapp.services.accounts.principal import FEDERATED_PREFIX

# As the first word of a letter's name in Unicode. Those that are written together are one.
_JAPANESE = "japanese"
_TOGETHER = dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"), _JAPANESE)
_SCRIPTS = frozenset(
    ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "ETHIOPIC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI",
     "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "HANGUL", "BOPOMOFO")
)  # fmt: skip
_UNSEEN = frozenset("\u115f\u1160\u17b4\u17b5")  # letters and marks of these scripts that nobody sees
# What looks alike though each name is in one script (or, of Japanese, in one that mixes kana with characters), once it is folded.
_ALIKE = str.maketrans(
    "аеорсухіѕјԁһԛԝӏѵкү" "αονρικυγχωη" "օոհսցզյ" "ס" "ıɑɡĸᴏᴄꜱᴠᴡᴢ" "01|" "ヘリエカニロタハトオチー",
    "aeopcyxisjdhqwlvky" "aovpikuyxwn" "onhugqj" "o" "iagkocsvwz" "oll" "へり工力二口夕八卜才千一",
)  # fmt: skip


def normalise_name(name: str) -> str:
    """How a name is stored and looked up."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def check_name(name: str) -> str:
    """Of a local account, folded: letters of one script, and digits and signs of ASCII. Raises Refused: invalid_name."""
    name = normalise_name(name)
    if (
        not 1 <= len(name) <= MAX_NAME
        or not is_storable(name)
        or any(unicodedata.category(letter)[0] in "CZ" for letter in name)
    ):
        raise Refused("invalid_name", f"A name must have 1 to {MAX_NAME} characters and no spaces.")
    if name.startswith(FEDERATED_PREFIX):
        raise Refused(
            "invalid_name",
            f"Names that begin with {FEDERATED_PREFIX} are those of people who sign in with Hugging Face.",
        )
    if len({_script(letter) for letter in name if not letter.isascii() or letter.isalpha()}) > 1:
        raise Refused(
            "invalid_name", "A name must be in one script: letters of several can be taken for one another."
        )
    return name


def confusable_form(name: str) -> str:
    """The same for two folded names that can be taken for one another."""
    return unicodedata.normalize("NFD", name).translate(_ALIKE)


def _script(letter: str) -> str:
    """Raises Refused: invalid_name."""
    word = unicodedata.name(letter, "").partition(" ")[0]
    script = _TOGETHER.get(word, word)
    if (
        unicodedata.category(letter)[0] not in "LM"
        or letter in _UNSEEN
        or script not in {*_SCRIPTS, _JAPANESE}
    ):
        raise Refused(
            "invalid_name", "A name can have letters, and digits and signs as on an English keyboard."
        )
    return script
