"""Languages of the catalogue, one TOML file each, checked against the schema and the first language."""

from __future__ import annotations

import dataclasses
import re
import string
import tomllib
import typing
from collections.abc import Iterator, Mapping
from gettext import c2py
from pathlib import Path
from typing import Any

from webapp.texts.counting import OTHER, PluralForms
from webapp.texts.schema import Texts

# Language of the start page. The others must have its keys and placeholders.
FIRST = "en"
# BCP 47 in lower case. It becomes a part of addresses.
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
# Table with the numbers of each plural category, see `webapp.texts.counting`. Each language has its own.
_RULES = "plural_rules"


class InvalidLanguageFile(ValueError):
    """File of a language that lacks sentences or has wrong ones. The message lists them."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        super().__init__("\n".join([f"{file}:", *problems]))
        self.problems = problems


def read_languages(folder: Path) -> dict[str, Texts]:
    """Return the texts of every `<code>.toml` in a folder by code, the first language first.

    Raises InvalidLanguageFile for the first file with problems, OSError if there is no first language.
    """
    first = read_language(folder / f"{FIRST}.toml")
    languages = {FIRST: first}
    for file in sorted(folder.glob("*.toml")):
        if file.stem != FIRST:
            languages[file.stem] = read_language(file)
            problems = list(_differences(first, languages[file.stem]))
            if problems:
                raise InvalidLanguageFile(file, problems)
    return languages


def read_language(file: Path) -> Texts:
    """Return the texts of one language. Its code is the name of the file.

    Raises InvalidLanguageFile if the file is no TOML or does not fit the schema, OSError if it is unreadable.
    """
    if not _CODE.fullmatch(file.stem):
        raise InvalidLanguageFile(file, ["its name is not the code of a language in lower case"])
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidLanguageFile(file, [str(error)]) from error
    builder = _Builder(table.pop(_RULES, {}))
    texts = builder.value(Texts, {**table, "code": file.stem}, "")
    if builder.problems:
        raise InvalidLanguageFile(file, builder.problems)
    assert isinstance(texts, Texts)
    return texts


def sentences(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted key and text of everything in a part of the catalogue."""
    for key, leaf in _leaves(value, name):
        if isinstance(leaf, str):
            yield key, leaf
        else:
            yield from ((f"{key}.{category}", form) for category, form in leaf.forms.items())


def placeholders(text: str) -> list[str]:
    """Return the names in braces, sorted. Raises ValueError for a lone brace."""
    return sorted(field for _, field, _, _ in string.Formatter().parse(text) if field is not None)


def _leaves(value: object, name: str) -> Iterator[tuple[str, str | PluralForms]]:
    """Yield dotted key and value of every sentence."""
    if isinstance(value, str | PluralForms):
        yield name, value
        return
    for key, part in _parts(value):
        yield from _leaves(part, f"{name}.{key}" if name else key)


def _parts(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [(str(key), part) for key, part in value.items()]
    if isinstance(value, tuple):
        return [(str(place), part) for place, part in enumerate(value)]
    assert dataclasses.is_dataclass(value)
    return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]


def _differences(first: Texts, other: Texts) -> Iterator[str]:
    """Yield every key and placeholder in which a language differs from the first."""
    expected, texts = _comparable(first), _comparable(other)
    yield from (f"{key} is missing" for key in expected if key not in texts)
    for key, (text, names) in texts.items():
        if key not in expected:
            yield f"{key} is unknown"
        elif names != expected[key][1]:
            wanted = ", ".join(f"{{{name}}}" for name in expected[key][1]) or "none"
            yield f"{key} must have these placeholders: {wanted}"
        elif expected[key][0] and not text.strip():
            yield f"{key} is empty"


def _comparable(texts: Texts) -> dict[str, tuple[str, list[str]]]:
    """Return text and placeholders by key. A counted sentence has the form that every language has."""
    leaves = {key: leaf if isinstance(leaf, str) else leaf.forms[OTHER] for key, leaf in _leaves(texts, "")}
    return {key: (text, placeholders(text)) for key, text in leaves.items()}


class _Builder:
    """Conversion of TOML values to the types of the schema. It collects all problems."""

    def __init__(self, rules: object) -> None:
        self.problems: list[str] = []
        self._rules = {key: str(rule) for key, rule in self._table(rules, _RULES).items()}
        for key, rule in self._rules.items():
            try:
                c2py(rule)
            except ValueError:
                self.problems.append(f'{_RULES}.{key} is not a rule such as "n == 1"')

    def value(self, kind: Any, value: object, name: str) -> object:
        """Return `value` as `kind`; what is returned after a problem is of no use."""
        if kind is str:
            return self._text(value, name)
        if kind is PluralForms:
            return self._plural_forms(value, name)
        if dataclasses.is_dataclass(kind):
            return self._record(typing.cast(type, kind), value, name)
        if typing.get_origin(kind) is tuple:
            return self._tuple(typing.get_args(kind), value, name)
        _, part = typing.get_args(kind)
        table = self._table(value, name)
        return {key: self.value(part, entry, f"{name}.{key}") for key, entry in table.items()}

    def _text(self, value: object, name: str) -> str:
        if not isinstance(value, str):
            self.problems.append(f"{name} is not a text")
            return ""
        try:
            placeholders(value)
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return ""
        return value

    def _table(self, value: object, name: str) -> dict[str, object]:
        if isinstance(value, dict):
            return value
        self.problems.append(f"{name} is not a table")
        return {}

    def _record(self, schema: type, value: object, name: str) -> object:
        table = self._table(value, name)
        prefix = f"{name}." if name else ""
        kinds = typing.get_type_hints(schema)
        self.problems += [f"{prefix}{key} is unknown" for key in table if key not in kinds]
        missing = [key for key in kinds if key not in table]
        self.problems += [f"{prefix}{key} is missing" for key in missing]
        parts = {key: self.value(kinds[key], table[key], prefix + key) for key in kinds if key in table}
        return None if missing else schema(**parts)

    def _tuple(self, kinds: tuple[Any, ...], value: object, name: str) -> tuple[object, ...]:
        if not isinstance(value, list):
            self.problems.append(f"{name} is not a list")
            return ()
        if kinds[-1] is not Ellipsis and len(value) != len(kinds):
            self.problems.append(f"{name} must have {len(kinds)} texts")
        return tuple(self.value(kinds[0], part, f"{name}.{place}") for place, part in enumerate(value))

    def _plural_forms(self, value: object, name: str) -> PluralForms:
        table = self._table(value, name)
        forms = {key: self._text(form, f"{name}.{key}") for key, form in table.items()}
        wanted = [*self._rules, OTHER]
        self.problems += [f"{name}.{key} is missing" for key in wanted if key not in forms]
        self.problems += [f"{name}.{key} is unknown" for key in forms if key not in wanted]
        names = set(placeholders(forms.get(OTHER, "")))
        for key, form in forms.items():
            if not names.issuperset(placeholders(form)):
                self.problems.append(f"{name}.{key} has placeholders that {name}.{OTHER} lacks")
        return PluralForms(forms, self._rules)
