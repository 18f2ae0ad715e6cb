"""Sentences whose form depends on a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from gettext import c2py

# Form of every number that no rule of its language names.
OTHER = "other"


@dataclass(frozen=True)
class PluralForms:
    """Forms of one sentence by plural category of CLDR, such as "one", "few" and "other".

    `rules`: by category, the condition on the number n as an expression of gettext, such as "n == 1".
    """

    forms: Mapping[str, str]
    rules: Mapping[str, str]


def counted(sentence: PluralForms, count: int) -> str:
    """Return the form of a sentence for a count of things. The first rule that fits decides.

    Raises ValueError if a rule is no expression of gettext.
    """
    fitting = (category for category, rule in sentence.rules.items() if c2py(rule)(count))
    return sentence.forms[next(fitting, OTHER)]
