"""Public page with the measures of the models: plain HTML without scripts, one address per language."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from webapp.domain.errors import Refused
from webapp.services.label_quality.audit_sample import MIN_FACES
from webapp.services.label_quality.model_measures import ModelMeasureService
from webapp.texts import LANGUAGES, Texts
from webapp.texts.addresses import address, link_address
from webapp.texts.formats import date_text
from webapp.ui.pages.analyse.layout import HeaderLink
from webapp.ui.render.model_measures import model_measures
from webapp.ui.templating import render

PAGE = "model/measures"


def model_measures_routes(measures: ModelMeasureService) -> list[Route]:
    """Return the page's routes: /model/measures, and one with the code of each other language."""
    return [Route(address(texts, PAGE), _handler(measures, texts)) for texts in LANGUAGES.values()]


def model_measures_page(measures: ModelMeasureService, texts: Texts) -> tuple[str, bool]:
    """Return the page and whether it has the figures, or only the reason why they are missing."""
    words = texts.model_measures
    sections, as_of, refusal = "", "", ""
    try:
        published = measures.published()
        sections = model_measures(published, texts)
        as_of = words.as_of.format(date=date_text(published.as_of.date(), texts))
    except Refused as error:
        refusal = texts.refusals.get(error.code, error.message)
    page = render(
        "model_measures_page.jinja",
        texts=texts,
        words=words,
        links=_links(texts),
        sections=sections,
        as_of=as_of,
        refusal=refusal,
        fewest=MIN_FACES,
    )
    return page, not refusal


def _handler(measures: ModelMeasureService, texts: Texts) -> Callable[[Request], HTMLResponse]:
    def show(_: Request) -> HTMLResponse:
        page, is_complete = model_measures_page(measures, texts)
        return HTMLResponse(page, 200 if is_complete else 503)

    return show


def _links(texts: Texts) -> list[HeaderLink]:
    """Return the links to the other pages and to this page in the other languages."""
    names = {"": texts.to_analyse, "receipt": texts.to_receipt, "verify": texts.verification.to_verify}
    links = [HeaderLink(link_address(texts, page), name) for page, name in names.items()]
    for code, other in LANGUAGES.items():
        if other is not texts:
            links.append(HeaderLink(address(other, PAGE), other.language, code))
    return links
