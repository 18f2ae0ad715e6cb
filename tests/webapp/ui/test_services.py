"""Tests of the services that the pages receive."""

from __future__ import annotations

import dataclasses

import pytest

from webapp.ui.services import DeskServices, Services


@pytest.mark.parametrize("services", [Services, DeskServices])
def test_pages_cannot_exchange_a_service(services: type[Services] | type[DeskServices]) -> None:
    fields = {field.name: None for field in dataclasses.fields(services)}
    made = services(**fields)  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.settings = None  # type: ignore[misc,assignment]


def test_the_desk_has_no_sign_in_with_hugging_face_unless_the_host_offers_it() -> None:
    (field,) = [field for field in dataclasses.fields(DeskServices) if field.name == "hugging_face"]
    assert field.default is None
