"""The table of the documentation."""

from __future__ import annotations

from tests.conftest import ROOT
from webapp.settings.table import settings_table


def test_document_has_the_generated_table() -> None:
    document = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    _, _, rest = document.partition("<!-- settings: python -m webapp.settings -->\n\n")
    table, end, _ = rest.partition("\n\n<!-- end of settings -->")
    assert end
    assert table == settings_table()
