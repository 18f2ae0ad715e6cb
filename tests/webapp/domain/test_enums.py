"""Vocabularies of the application."""

from __future__ import annotations

import inspect
from enum import StrEnum

import pytest

from webapp.domain import enums

VOCABULARIES = [
    kind
    for _, kind in inspect.getmembers(enums, inspect.isclass)
    if issubclass(kind, StrEnum) and kind is not StrEnum
]


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_values_are_the_lower_case_names(vocabulary: type[StrEnum]) -> None:
    """The database's check constraints and JSON contain these values."""
    assert [member.value for member in vocabulary] == [member.name.lower() for member in vocabulary]


def test_actor_of_an_account_differs_from_other_actors() -> None:
    assert enums.user_actor(7) == "user:7"
    assert enums.user_actor(7) not in list(enums.Actor)
