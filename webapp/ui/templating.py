"""Jinja2 templates of the pages: autoescaped, strict about undefined names."""

from __future__ import annotations

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).with_name("templates")


@functools.cache
def environment() -> Environment:
    """Return the shared environment. Every value is escaped unless it is `Markup`; an undefined name raises."""
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: object) -> Markup:
    """Render `templates/<template>` to safe HTML. Raises jinja2.TemplateError."""
    return Markup(environment().get_template(template).render(**values))
