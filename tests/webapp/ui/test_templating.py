"""Tests of the template environment."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from webapp.ui.templating import environment


def test_values_are_escaped() -> None:
    template = environment().from_string("<b>{{ name }}</b>")
    assert template.render(name="<script>&\"'") == "<b>&lt;script&gt;&amp;&#34;&#39;</b>"


def test_undefined_names_raise() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ missing }}").render()
