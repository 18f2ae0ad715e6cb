"""A visitor asks the moderators, leaves the page open, and is shown there what they decide."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import update

from tests.conftest import Server
from tests.e2e.conftest import Visit
from webapp.db.session import connect, make_sessions
from webapp.db.tables import Account, Decision
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.domain.ids import new_id
from webapp.services.accounts import Person
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.texts import LANGUAGES

ENGLISH = LANGUAGES["en"]
# Toasts disappear after a while by the page's clock, so the page records them.
_REMEMBER_TOASTS = """() => {
    window.toasts = [];
    const toasts = () => [...document.querySelectorAll(".toast-body")].map((toast) => toast.textContent);
    const look = () => window.toasts.push(...toasts());
    const changes = { childList: true, subtree: true, characterData: true };
    new MutationObserver(look).observe(document.body, changes);
}"""


def test_whoever_asks_is_told_on_the_open_page(visit: Visit, samples: Path, server: Server) -> None:
    page = visit.page
    receipt = uncertain(server, samples)
    page.clock.install()
    page.goto(f"{server.url}/receipt#{receipt}")
    expect(page.locator("#stored-result")).to_contain_text(ENGLISH.decision, timeout=30_000)
    page.get_by_label(ENGLISH.notify_me).check()
    names = ", ".join(
        ENGLISH.face_number.format(number=number) for number in (1, 2)
    )  # which the model cannot tell
    expect(page.locator("#stored-result")).to_contain_text(
        ENGLISH.decision_waiting.format(faces=names), timeout=30_000
    )
    page.evaluate(_REMEMBER_TOASTS)
    decide(server)
    page.clock.fast_forward("00:21")
    expect(page.locator("#stored-result")).to_contain_text(ENGLISH.labels["fake"], timeout=30_000)
    page.wait_for_function(
        "words => window.toasts.some((toast) => toast.includes(words))", arg=ENGLISH.decision_arrived
    )
    assert visit.complaints == []
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#stored-result")).to_contain_text(ENGLISH.deleted, timeout=30_000)


def test_what_was_decided_while_one_asked_is_told_too(visit: Visit, samples: Path, server: Server) -> None:
    page = visit.page
    receipt = uncertain(server, samples)
    page.goto(f"{server.url}/receipt#{receipt}")
    expect(page.locator("#stored-result")).to_contain_text(ENGLISH.decision, timeout=30_000)
    page.evaluate(_REMEMBER_TOASTS)
    decide(server)
    page.get_by_label(ENGLISH.notify_me).check()
    expect(page.locator("#stored-result")).to_contain_text(ENGLISH.labels["fake"], timeout=30_000)
    page.wait_for_function(
        "words => window.toasts.some((toast) => toast.includes(words))", arg=ENGLISH.decision_arrived
    )


def uncertain(server: Server, samples: Path) -> str:
    """The receipt of a kept photo of two faces, both of which are cases from the beginning."""
    send = [
        "curl",
        "-sS",
        "-F",
        f"file=@{samples / 'two_people.jpg'}",
        "-F",
        "consent=true",
        f"{server.url}/api/v1/analyse",
    ]
    receipt: str = json.loads(subprocess.run(send, check=True, capture_output=True, text=True).stdout)[
        "receipt"
    ]
    return receipt


def decide(server: Server) -> None:
    """Two moderators agree on the case, some time ago."""
    engine = connect(f"sqlite:///{server.database}")
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        accounts = [Account(name=new_id(), role=Role.MODERATOR, created_at=now()) for _ in range(2)]
        session.add_all(accounts)
    for account in accounts:
        person = Person(account.id, account.name, Role.MODERATOR)
        claims, labelling = ClaimService(sessions), LabellingService(CaseEvents(AuditService(sessions, None)))
        while (case := claims.take(person)) is not None:  # other tests' cases too
            labelling.submit_blind(person, case, LabelInput("fake", 2))
            labelling.submit_final(person, case)
    with sessions.begin() as session:
        session.execute(update(Decision).values(decided_at=now() - timedelta(hours=1)))
    engine.dispose()
