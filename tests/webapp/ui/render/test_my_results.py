"""List of the results that the browser remembers."""

from __future__ import annotations

import html
import json
import re

import pytest

from webapp.texts import LANGUAGES
from webapp.ui.render.my_results import my_results


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_the_script_finds_its_sentences(code: str) -> None:
    texts = LANGUAGES[code]
    markup = str(my_results("/receipt", texts))
    found = re.search(r'data-words="([^"]*)"', markup)
    assert found is not None
    words = json.loads(html.unescape(found[1]))
    assert words["delete_sure"] == texts.device.delete_sure
    assert set(words["states"]) == {*texts.outcomes, "pending"}
    assert 'data-page="/receipt"' in markup
