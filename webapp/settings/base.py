"""Bases of all settings: values come from the constructor, and a wrong one names its variable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

Model = TypeVar("Model", bound=BaseSettings)
ROOT = Path(__file__).resolve().parents[2]
PREFIX = "LENS_"


class InvalidSetting(Exception):
    """An environment variable that is unknown or has an unusable value. The message names the variable."""


class ExplicitSettings(BaseSettings):
    """Settings that take values from the constructor only; `from_environment` passes the variables."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the environment, files and secrets out."""
        return (init_settings,)


class SettingsGroup(ExplicitSettings):
    """Settings of one subject. The variable of a field is LENS_ and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", enable_decoding=False, protected_namespaces=()
    )


def values_of(model: type[BaseSettings], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the text of each variable that is set, by the name of its field in `model`.

    Names of variables are upper case.
    """
    source = EnvSettingsSource(model)
    source.env_vars = {name.lower(): value for name, value in environment.items() if name.isupper()}
    return source()


def validated(model: type[Model], values: dict[str, Any]) -> Model:
    """Construct the model; raise InvalidSetting for the first wrong value."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if not first["loc"]:
        raise InvalidSetting(str(cause))
    name = str(first["loc"][0])
    info = model.model_fields[name]
    variable = str(model.model_config.get("env_prefix", "")) + name.upper()
    requirement = str(cause or "") or f"must be {_requirement(info)}"
    # A secret is never part of a message.
    value = f", not {values[name]!r}" if info.repr else ""
    raise InvalidSetting(f"{variable} {requirement}{value}")


def _requirement(info: FieldInfo) -> str:
    """Return the allowed values of a field as the end of the sentence "It must be"."""
    if get_origin(info.annotation) is Literal:
        *others, last = get_args(info.annotation)
        return f"{', '.join(others)} or {last}"
    least, most = bounds_of(info)
    if info.annotation is int:
        return f"a whole number from {least} to {most}"
    return f"a number from {least:g} to {most:g}, such as 0.5"


def bounds_of(info: FieldInfo) -> tuple[Any, Any]:
    """Return the field's constraints `ge` and `le`; None for those it lacks."""
    least = next((bound.ge for bound in info.metadata if hasattr(bound, "ge")), None)
    most = next((bound.le for bound in info.metadata if hasattr(bound, "le")), None)
    return least, most
