"""Tags with which other sites and messengers show a link to a page. Gradio's own name Gradio."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradio import routes
from jinja2 import BaseLoader, Environment, FunctionLoader

_GRADIO_TAGS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*/>\s*')
_ICON_TAGS = re.compile(r'<link\s+rel="(?:shortcut )?icon"[^>]*/?>\s*')
_HEAD = re.compile(r"(<head\b[^>]*>)")
_LANGUAGE = re.compile(r'\blang="en"')
_PAGE_LANGUAGE = 'lang="{{ lens_pages.get(config.current_page, lens_start).code }}"'
_TAGS = Path(__file__).parents[1] / "templates" / "share_tags.jinja"


@dataclass(frozen=True)
class PageDescription:
    """How a page is called elsewhere, and where it is in other languages.

    `code` is its language (BCP 47). `alternates` are pairs of `hreflang` and path.
    """

    code: str
    site: str
    title: str
    description: str
    alternates: Sequence[tuple[str, str]]


def replace_share_tags(pages: Mapping[str, PageDescription]) -> None:
    """Describe the pages by our own tags. `pages`: by Gradio's name of the page; "" is the start page."""
    environment: Environment = routes.templates.env
    gradio_loader = environment.loader
    assert gradio_loader is not None
    environment.loader = FunctionLoader(lambda name: _source(environment, gradio_loader, name))
    environment.globals["lens_pages"] = pages
    environment.globals["lens_start"] = pages[""]


def _source(environment: Environment, loader: BaseLoader, name: str) -> str:
    """Return a template of Gradio, its first page with our tags."""
    source = loader.get_source(environment, name)[0]
    if not name.endswith("index.html"):
        return source
    source = _ICON_TAGS.sub("", _GRADIO_TAGS.sub("", source))
    source = _LANGUAGE.sub(lambda _: _PAGE_LANGUAGE, source, count=1)
    tags = _TAGS.read_text(encoding="utf-8")
    return _HEAD.sub(lambda head: f"{head[1]}\n{tags}", source, count=1)
