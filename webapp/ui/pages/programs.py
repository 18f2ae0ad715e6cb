"""Page about the interfaces for programs, with examples that run as they stand."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from webapp.settings import Settings
from webapp.texts import Texts
from webapp.ui.pages.analyse.layout import footer, header
from webapp.ui.rest.errors import status_of
from webapp.ui.services import Services
from webapp.ui.templating import render

EXAMPLES = Path(__file__).parents[1] / "code_examples"
# Stands in the examples for the site's address.
_ADDRESS = "ADDRESS"
# If the host has not set an address, the browser knows the one by which it reached the site.
_SHOW_OWN_ADDRESS = """() => {
    for (const code of document.querySelectorAll(".lens-programs code"))
        code.textContent = code.textContent.replaceAll(%r, location.origin);
}"""


def build(blocks: gr.Blocks, services: Services, texts: Texts) -> None:
    """Add the page in one language to the Blocks under construction."""
    settings = services.settings
    header(texts, page="programs")
    gr.HTML(render("programs.jinja", **_content(settings, texts)), elem_id="programs", padding=False)
    footer(texts, services.settings)
    if not settings.report_host:
        script = _SHOW_OWN_ADDRESS % settings.url
        blocks.load(None, None, None, js=script, api_visibility="private", show_progress="hidden")


def _content(settings: Settings, texts: Texts) -> dict[str, object]:
    words = texts.programs
    site = settings.report_host or settings.url
    values = {
        "megabytes": settings.max_upload_mb,
        "frames": settings.frames,
        "waiting": settings.max_waiting,
        "address": site,
    }
    sections = {
        name: (title, text.format(**values))
        for name, (title, text) in words.sections.items()
        if name != "mcp" or settings.mcp == "on"
    }
    examples = {
        name: (EXAMPLES / f"{name}.txt").read_text(encoding="utf-8").replace(_ADDRESS, site)
        for name in words.examples
    }
    errors = sorted((status_of(code), code, meaning) for code, meaning in words.errors.items())
    return {"words": words, "sections": sections, "examples": examples, "errors": errors}
