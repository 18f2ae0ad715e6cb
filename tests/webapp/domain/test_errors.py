"""Errors with a stable code."""

from __future__ import annotations

import pytest

from webapp.domain.errors import BrokenAudit, Refused, Unable, unknown_receipt


@pytest.mark.parametrize("kind", [Unable, BrokenAudit, Refused])
def test_error_has_code_and_message(kind: type[Unable] | type[Refused]) -> None:
    error = kind("a_code", "A sentence.")
    assert (error.code, error.message, str(error)) == ("a_code", "A sentence.", "A sentence.")


def test_refusal_as_json() -> None:
    assert unknown_receipt().to_json() == {
        "code": "unknown_receipt",
        "message": "There is no result under this receipt.",
    }
