"""Where things stand on the moderators' page."""

from __future__ import annotations

from html import escape

import gradio as gr

from webapp.domain.enums import Role
from webapp.texts.desk import ENGLISH, DeskTexts
from webapp.texts.measures import ENGLISH as MEASURES
from webapp.texts.model import ENGLISH as MODEL
from webapp.ui.auth import cookies
from webapp.ui.pages.desk import admin, measures
from webapp.ui.pages.desk.model import modelboard
from webapp.ui.pages.desk.worktable import worktable
from webapp.ui.services import DeskServices


def build(services: DeskServices, texts: DeskTexts = ENGLISH) -> gr.Blocks:
    """The desk's Blocks. The work on cases is a page of our own making in them, for Gradio has no keys and no painting on a zoomed picture
    and every one of its events costs a round trip; it asks plain JSON (`webapp.ui.desk.routes`).
    """
    blocks: gr.Blocks
    with gr.Blocks(title=texts.title, analytics_enabled=False) as blocks:
        gr.HTML(_header(texts), padding=False, apply_default_css=False)
        with gr.Tabs():
            with gr.Tab(texts.cases, elem_id="cases-tab"):
                gr.HTML(worktable(texts), padding=False, apply_default_css=False, elem_id="worktable")
            with gr.Tab(texts.admin, visible=False, elem_id="admin-tab") as tab:
                shown = admin.build(services, texts)
            with gr.Tab(MODEL.title, visible=False, elem_id="model-tab") as model:
                gr.HTML(modelboard(MODEL), padding=False, apply_default_css=False, elem_id="modelboard")
            with gr.Tab(MEASURES.title, visible=False, elem_id="measures-tab") as measured:
                measures.build(services, MEASURES, texts, measured)

        tabs = (tab, model, measured)

        def arrive(request: gr.Request) -> tuple[object, ...]:
            person = services.signing.person_of(cookies.read_cookie(request.headers))
            if person is None or person.role != Role.ADMIN:
                return *[gr.update(visible=False)] * len(tabs), "", ""
            told = admin.people(services, person, texts), admin.flags(services, person, texts)
            return *[gr.update(visible=True)] * len(tabs), *told

        blocks.load(arrive, None, [*tabs, *shown], **admin.QUIET)
    return blocks


def _header(texts: DeskTexts) -> str:
    return (
        f"<header class='desk-head'><h1>{escape(texts.title)}</h1><nav><span id='desk-me'></span>"
        f"<a href='/'>{escape(texts.to_public)}</a><a href='/second-factor'>{escape(texts.second_factor)}</a>"
        f"<form method='post' action='/sign-out'><button>{escape(texts.sign_out)}</button></form></nav></header>"
    )
