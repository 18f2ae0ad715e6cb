"""Limits of what visitors and moderators may send."""

from __future__ import annotations

from webapp.db.tables import Feedback
from webapp.domain.limits import KEY_LENGTHS, MAX_NOTE
from webapp.security.tokens import new_key, next_key


def test_database_enforces_the_length_of_notes() -> None:
    constraints = " ".join(str(getattr(one, "sqltext", "")) for one in Feedback.__table__.constraints)  # type: ignore[attr-defined]
    assert f"length(note) <= {MAX_NOTE}" in constraints


def test_generated_keys_have_an_accepted_length() -> None:
    least, most = KEY_LENGTHS
    for key in (new_key(), next_key(new_key())):
        assert least <= len(key) <= most
