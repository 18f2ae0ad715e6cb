"""Spellings of values."""

from __future__ import annotations

import pytest

from webapp.settings import InvalidSetting, from_environment


@pytest.mark.parametrize(
    ("text", "value"), [("on", "on"), ("1", "on"), ("True", "on"), ("off", "off"), ("0", "off")]
)
def test_a_switch_has_the_usual_spellings(text: str, value: str) -> None:
    assert from_environment({"LENS_KNOWN_FILES": text}).known_files == value
    assert from_environment({}).known_files == "off"
    with pytest.raises(InvalidSetting, match="LENS_KNOWN_FILES must be off or on"):
        from_environment({"LENS_KNOWN_FILES": "perhaps"})
