"""Tab for admins: accounts and flagged cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import AccountService, Person
from webapp.texts.desk import DeskTexts
from webapp.ui.auth.cookies import read_cookie
from webapp.ui.pages.events import QUIET
from webapp.ui.services import DeskServices
from webapp.ui.templating import render

# Characters with a meaning in Gradio's Markdown, mathematics and emoji codes included.
_MARKDOWN_CHARACTERS = "\\`*_{}[]()#+-.!|<>~$&:@"


def build(services: DeskServices, texts: DeskTexts) -> tuple[gr.HTML, gr.HTML]:
    """Add the tab's components and handlers. Return the components of `people_table` and `flags_table`."""
    with gr.Column(elem_classes="desk-admin"):
        gr.HTML(render("desk/section_heading.jinja", heading=texts.people, help=""), padding=False)
        people = gr.HTML(elem_id="people", padding=False, apply_default_css=False)
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
        message = gr.Markdown(elem_id="person-said")
        link = gr.Textbox(
            label=texts.link,
            info=texts.link_help,
            buttons=["copy"],
            interactive=False,
            visible=False,
            elem_id="person-link",
        )
        flags_heading = render("desk/section_heading.jinja", heading=texts.flags, help=texts.flags_help)
        gr.HTML(flags_heading, padding=False)
        flags = gr.HTML(elem_id="flags", padding=False, apply_default_css=False)
    for action, button in buttons.items():
        handler = _account_handler(action, services, texts)
        button.click(handler, [name, role], [people, message, link], **QUIET)
    return people, flags


def people_table(services: DeskServices, person: Person | None, texts: DeskTexts) -> str:
    """Return all accounts as an HTML table. Raises Refused: not_signed_in, not_allowed."""
    return render("desk/people.jinja", accounts=services.accounts.summaries(person), texts=texts)


def flags_table(services: DeskServices, person: Person | None, texts: DeskTexts) -> str:
    """Return the flagged cases as an HTML table. Raises Refused: not_signed_in, not_allowed."""
    return render("desk/flags.jinja", flags=services.flags.flags(person), texts=texts)


def _account_handler(
    action: str, services: DeskServices, texts: DeskTexts
) -> Callable[[str, str, gr.Request], tuple[Any, ...]]:
    """Return the handler of a button. It returns the new table, the message and the link."""

    def handle(name: str, role: str, request: gr.Request) -> tuple[Any, ...]:
        person = services.signing.person_of(read_cookie(request.headers))
        try:
            token = _change_account(action, services.accounts, person, str(name or ""), role)
            table = people_table(services, person, texts)
        except Refused as refusal:
            return gr.skip(), _escape_markdown(refusal.message), gr.update(visible=False, value="")
        link = ""
        if token is not None:
            link = f"{services.settings.url}/link#{token}"
        message = _escape_markdown(texts.done[action].format(name=name))
        return table, message, gr.update(visible=bool(link), value=link)

    return handle


def _change_account(
    action: str, accounts: AccountService, person: Person | None, name: str, role: str
) -> str | None:
    """Carry an action out. Return the token of the new link, or None if the action makes none."""
    if action == "invite":
        return accounts.invite(person, name, _role(role))
    if action == "renew_link":
        return accounts.reset(person, name)
    if action == "set_role":
        accounts.set_role(person, name, _role(role))
    else:
        accounts.set_disabled(person, name, action == "disable")
    return None


def _escape_markdown(text: str) -> str:
    escaped = ""
    for character in text:
        if character in _MARKDOWN_CHARACTERS:
            escaped += "\\"
        escaped += character
    return escaped


def _role(word: str) -> Role:
    """Return the role of that name. Raises Refused: invalid_role."""
    try:
        return Role(word)
    except ValueError:
        raise Refused("invalid_role", f"A role must be one of {', '.join(Role)}.") from None
