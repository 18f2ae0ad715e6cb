"""Jinja2 templates of the pages: autoescaped, strict about undefined names."""

from __future__ import annotations

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from webapp.texts.formats import number_text
from webapp.texts.sentences import percent_text

_FOLDER = Path(__file__).with_name("templates")


@functools.cache
def environment() -> Environment:
    """Return the shared environment. Every value is escaped unless it is `Markup`; an undefined name raises.

    The filter `percent(texts)` formats a probability in per cent, `number(texts, decimals)` a number; None
    becomes a dash.
    """
    created = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    created.filters["percent"] = percent_text
    created.filters["number"] = number_text
    return created


def render(template: str, **values: object) -> Markup:
    """Render `templates/<template>` to safe HTML without outer white space. Raises jinja2.TemplateError."""
    return Markup(environment().get_template(template).render(**values).strip())
