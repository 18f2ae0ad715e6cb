"""Tests of the patch of Gradio's page; `tests/e2e/test_provenance_pages.py` looks at the words."""

from __future__ import annotations

import pytest
from gradio import routes
from jinja2 import DictLoader

from webapp.ui.gradio_patches.language import follow_page_language

PAGE = "frontend/index.html"
LOCALES = {"en": "en", "zh": "zh-CN"}


@pytest.fixture(autouse=True)
def _loader(monkeypatch: pytest.MonkeyPatch) -> None:
    # Restores Gradio's own loader after the test.
    monkeypatch.setattr(routes.templates.env, "loader", routes.templates.env.loader)
    monkeypatch.setattr(routes.templates.env, "cache", None)


def page_source() -> str:
    environment = routes.templates.env
    assert environment.loader is not None
    return environment.loader.get_source(environment, PAGE)[0]


def test_the_script_comes_first_and_once() -> None:
    before = page_source()
    follow_page_language(LOCALES)
    after = page_source()
    assert 0 < after.index("navigator") < after.index("gradio_config")
    script, _, _ = after[after.index("{\n  const [[first]") :].partition("window.gradio_config")
    assert after.replace(script, "", 1) == before
    follow_page_language(LOCALES)
    assert page_source() == after


def test_another_form_of_the_page_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes.templates.env, "loader", DictLoader({PAGE: "<html>"}))
    with pytest.raises(RuntimeError, match="script"):
        follow_page_language(LOCALES)
