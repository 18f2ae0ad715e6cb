"""Spellings of values in environment variables, as types of fields."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator

# Characters. A shorter secret could be guessed.
MIN_SECRET = 16


def _digits_only(value: object) -> object:
    """Refuse other spellings that Python takes for an integer, such as "1_0", " 5" or "²"."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError
    return value


def _decimal_only(value: object) -> object:
    """Refuse other spellings that Python takes for a float, such as "1e3", "nan" or " 5"."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", value):
        raise ValueError
    return value


def _resolved(value: object) -> object:
    """Return a path as an absolute path; leave a value of another type to pydantic."""
    if not isinstance(value, (str, Path)):
        return value
    return Path(value).resolve()


def _comma_separated(value: object) -> object:
    """Split a text at commas; leave a value of another type to pydantic."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    return tuple(part for part in parts if part)


def _space_separated(value: object) -> object:
    """Split a text at white space; leave a value of another type to pydantic."""
    if not isinstance(value, str):
        return value
    return tuple(value.split())


def _path_list(value: object) -> object:
    """Split a list of paths as PATH is split; leave a value of another type to pydantic."""
    if not isinstance(value, str):
        return value
    return tuple(Path(part).resolve() for part in value.split(os.pathsep) if part)


def _optional_path(value: object) -> object:
    """Return a path as an absolute path, and None for an empty variable."""
    return None if value == "" else _resolved(value)


def _on_or_off(value: object) -> object:
    """Return `on` or `off` for the usual spellings of a switch; leave another value to pydantic."""
    words = {"1": "on", "true": "on", "yes": "on", "0": "off", "false": "off", "no": "off", "": "off"}
    return words.get(value.lower(), value) if isinstance(value, str) else value


WholeNumber = Annotated[int, BeforeValidator(_digits_only)]
Decimal = Annotated[float, BeforeValidator(_decimal_only)]
Folder = Annotated[Path, BeforeValidator(_resolved)]
OptionalPath = Annotated[Path | None, BeforeValidator(_optional_path)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_path_list)]
CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_comma_separated)]
SpaceSeparated = Annotated[tuple[str, ...], BeforeValidator(_space_separated)]
Switch = Annotated[Literal["off", "on"], BeforeValidator(_on_or_off)]
