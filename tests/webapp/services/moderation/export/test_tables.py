"""CSV cells that spreadsheets cannot take for formulas."""

from __future__ import annotations

import pytest

from webapp.services.moderation.export.tables import escape_formula


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1"])
def test_formulas_are_escaped(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"
    assert escape_formula(-1.5) == -1.5
