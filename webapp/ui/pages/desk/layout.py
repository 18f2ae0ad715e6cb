"""Layout of the moderators' page: a header and the tabs."""

from __future__ import annotations

import gradio as gr

from webapp.domain.enums import Role
from webapp.texts.case_list import ENGLISH as CASE_LIST
from webapp.texts.desk import ENGLISH, DeskTexts
from webapp.texts.measures import ENGLISH as MEASURES
from webapp.texts.model import ENGLISH as MODEL
from webapp.ui.auth.cookies import read_cookie
from webapp.ui.pages.desk import admin, measures
from webapp.ui.pages.desk.case_list import case_list
from webapp.ui.pages.desk.model import model_board
from webapp.ui.pages.desk.worktable import worktable
from webapp.ui.pages.events import QUIET
from webapp.ui.services import DeskServices
from webapp.ui.templating import render


def build(services: DeskServices, texts: DeskTexts = ENGLISH) -> gr.Blocks:
    """Return the desk's Blocks.

    The worktable is HTML of our own that fetches plain JSON (`webapp.ui.desk.routes`). Gradio has neither
    keyboard shortcuts nor painting on a zoomed photo, and each of its events costs a round trip.
    """
    blocks: gr.Blocks
    with gr.Blocks(title=texts.title, analytics_enabled=False) as blocks:
        _html(render("desk/header.jinja", texts=texts))
        warning = gr.HTML(padding=False, apply_default_css=False, elem_id="drift-warning")
        with gr.Tabs():
            with gr.Tab(texts.cases, elem_id="cases-tab"):
                _html(worktable(texts), elem_id="worktable")
            with gr.Tab(CASE_LIST.title, elem_id="find-tab"):
                _html(case_list(CASE_LIST), elem_id="findboard")
            with gr.Tab(texts.admin, visible=False, elem_id="admin-tab") as admin_tab:
                admin_components = admin.build(services, texts)
            with gr.Tab(MODEL.title, visible=False, elem_id="model-tab") as model_tab:
                _html(model_board(MODEL), elem_id="modelboard")
            with gr.Tab(MEASURES.title, visible=False, elem_id="measures-tab") as measures_tab:
                measures.build(services, MEASURES, texts, measures_tab)
        admin_tabs = (admin_tab, model_tab, measures_tab)

        def fill_admin_tabs(request: gr.Request) -> tuple[object, ...]:
            person = services.signing.person_of(read_cookie(request.headers))
            is_admin = person is not None and person.role == Role.ADMIN
            visibility = [gr.update(visible=is_admin)] * len(admin_tabs)
            if not is_admin:
                return *visibility, "", "", ""
            people = admin.people_table(services, person, texts)
            flags = admin.flags_table(services, person, texts)
            return *visibility, people, flags, measures.drift_warning(services, MEASURES)

        blocks.load(fill_admin_tabs, None, [*admin_tabs, *admin_components, warning], **QUIET)
    return blocks


def _html(content: str, elem_id: str | None = None) -> gr.HTML:
    return gr.HTML(content, padding=False, apply_default_css=False, elem_id=elem_id)
