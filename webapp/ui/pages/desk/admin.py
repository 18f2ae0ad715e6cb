"""For admins: who may work at the desk, and what was flagged."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import Person
from webapp.texts.desk import DeskTexts
from webapp.ui.auth import cookies
from webapp.ui.pages.desk.tables import table
from webapp.ui.services import DeskServices

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build(services: DeskServices, texts: DeskTexts) -> tuple[gr.HTML, gr.HTML]:
    """Add the tab's components and what they do. Returns where `people` and `flags` are shown."""
    with gr.Column(elem_classes="desk-admin"):
        gr.HTML(f"<h2>{escape(texts.people)}</h2>", padding=False)
        shown_people = gr.HTML(elem_id="people", padding=False, apply_default_css=False)
        with gr.Row(elem_classes="desk-fields"):
            name = gr.Textbox(label=texts.name, max_length=64, elem_id="person-name")
            role = gr.Radio(
                [(texts.roles[role], role.value) for role in Role],
                value=Role.MODERATOR.value,
                label=texts.role,
            )
        with gr.Row(elem_classes="desk-buttons"):
            buttons = {
                action: gr.Button(
                    getattr(texts, action),
                    elem_id=f"person-{action}",
                    variant="primary" if action == "invite" else "secondary",
                )
                for action in texts.done
            }
        said = gr.Markdown(elem_id="person-said")
        link = gr.Textbox(
            label=texts.link,
            info=texts.link_help,
            buttons=["copy"],
            interactive=False,
            visible=False,
            elem_id="person-link",
        )
        gr.HTML(f"<h2>{escape(texts.flags)}</h2><p>{escape(texts.flags_help)}</p>", padding=False)
        shown_flags = gr.HTML(elem_id="flags", padding=False, apply_default_css=False)
    for action, button in buttons.items():
        button.click(_doing(action, services, texts), [name, role], [shown_people, said, link], **QUIET)
    return shown_people, shown_flags


def _doing(
    action: str, services: DeskServices, texts: DeskTexts
) -> Callable[[str, str, gr.Request], tuple[Any, ...]]:
    accounts = services.accounts

    def act(person: Person | None, name: str, role: str) -> str | None:
        if action == "invite":
            return accounts.invite(person, name, _role(role))
        if action == "renew_link":
            return accounts.reset(person, name)
        if action == "set_role":
            accounts.set_role(person, name, _role(role))
        else:
            accounts.set_disabled(person, name, action == "disable")
        return None

    def do(name: str, role: str, request: gr.Request) -> tuple[Any, ...]:
        person = services.signing.person_of(cookies.read_cookie(request.headers))
        try:
            token = act(person, str(name or ""), role)
            told = people(services, person, texts)
        except Refused as refusal:
            return gr.skip(), _plain(refusal.message), gr.update(visible=False, value="")
        link = "" if token is None else f"{services.settings.url}/link#{token}"
        return told, _plain(texts.done[action].format(name=name)), gr.update(visible=bool(link), value=link)

    return do


def people(services: DeskServices, person: Person | None, texts: DeskTexts) -> str:
    """All accounts as a table. Raises Refused: not_signed_in, not_allowed."""
    rows = [
        (
            escape(facts.name),
            texts.roles[facts.role],
            facts.created_at.date().isoformat(),
            *(texts.yes if yes else texts.no for yes in (facts.ready, facts.second_factor, facts.disabled)),
        )
        for facts in services.accounts.summaries(person)
    ]
    return table(texts.people, texts.people_columns, rows)


def flags(services: DeskServices, person: Person | None, texts: DeskTexts) -> str:
    """What was flagged, as a table. Raises Refused: not_signed_in, not_allowed."""
    rows = [
        (
            escape(flag.time.replace("T", " ")),
            escape(texts.concerns.get(flag.concern, flag.concern)),
            escape(flag.by),
            f"<a href='#case={escape(flag.case)}'>{escape(texts.open_case)}</a>"
            if flag.state == "open"
            else texts.states[flag.state or "gone"],
        )
        for flag in services.flags.flags(person)
    ]
    return table(texts.flags, texts.flags_columns, rows) if rows else f"<p>{escape(texts.no_flags)}</p>"


def _plain(text: str) -> str:
    """Words that a Markdown field shows as they are."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>~$&:@" else sign for sign in text)


def _role(word: str) -> Role:
    """Raises Refused: invalid_role."""
    try:
        return Role(word)
    except ValueError:
        raise Refused("invalid_role", f"A role must be one of {', '.join(Role)}.") from None
