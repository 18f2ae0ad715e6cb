"""Patch of Gradio's page, so that its own words are in the language of the page and not of the browser.

Gradio chooses the language of words such as those of an upload box before the scripts of `head` run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gradio import routes
from jinja2 import ChoiceLoader, DictLoader

_TEMPLATE = "frontend/index.html"
# Beginning of the page's first script.
_FIRST = "window.gradio_config = "
# A page of another language than the first has an address such as /zh or /receipt-zh.
_SCRIPT = r"""{
  const [[first], ...others] = Object.entries(LOCALES);
  const page = location.pathname.replace(/\/+$/, "").split("/").pop();
  const other = others.find(([code]) => page === code || page.endsWith(`-${code}`));
  const [code, locale] = other || [first, LOCALES[first]];
  // Gradio names English instead of a language whose words it lacks.
  const root = document.documentElement;
  const restore = () => { if (!root.lang.startsWith(code)) root.lang = code; };
  new MutationObserver(restore).observe(root, { attributeFilter: ["lang"] });
  restore();
  Object.defineProperty(navigator, "language", { value: locale });
}
"""


def follow_page_language(locales: Mapping[str, str]) -> None:
    """Set the language of every page by its address, from now on.

    `locales`: by the code in addresses, the first language first, the code for the browser (BCP 47).
    Raises RuntimeError if Gradio's page has another form than the one that is patched.
    """
    environment = routes.templates.env
    loader = environment.loader
    assert loader is not None
    source = loader.get_source(environment, _TEMPLATE)[0]
    script = _SCRIPT.replace("LOCALES", json.dumps(locales))
    if script in source:
        return
    if source.count(_FIRST) != 1:
        raise RuntimeError("Gradio's page has no script into which another one can be put first")
    patched = source.replace(_FIRST, script + _FIRST)
    environment.loader = ChoiceLoader([DictLoader({_TEMPLATE: patched}), loader])
