"""Limits of what visitors and moderators may send."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table
from sqlalchemy.schema import CreateTable

from webapp.db.tables import Feedback
from webapp.domain.limits import KEY_LENGTHS, MAX_NOTE
from webapp.security.tokens import new_key, next_key


def test_database_enforces_the_length_of_notes() -> None:
    create = str(CreateTable(cast(Table, Feedback.__table__)))
    assert f"length(note) <= {MAX_NOTE}" in create


def test_generated_keys_have_an_accepted_length() -> None:
    least, most = KEY_LENGTHS
    for key in (new_key(), next_key(new_key())):
        assert least <= len(key) <= most
