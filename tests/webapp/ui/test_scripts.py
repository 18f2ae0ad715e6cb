"""Tests of the pages' scripts."""

from __future__ import annotations

import re

import pytest

from webapp.ui.scripts import public, script_element
from webapp.ui.templating import environment


def test_scripts_have_every_function_that_templates_and_handlers_call() -> None:
    loader = environment().loader
    assert loader is not None
    sources = [loader.get_source(environment(), name)[0] for name in environment().list_templates()]
    called = set(re.findall(r"\b(lens[A-Z]\w+)\(", "\n".join(sources)))
    defined = set(re.findall(r"window\.(lens[A-Z]\w+) = ", public({})))
    assert called
    assert called <= defined


def test_code_stays_as_it_is_inside_its_element() -> None:
    assert script_element("1 < 2 && 'x'") == "<script>1 < 2 && 'x'</script>"
    with pytest.raises(ValueError, match="ends its own"):
        script_element("'</SCRIPT>'")
