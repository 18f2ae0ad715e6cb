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
from webapp.domain import Role, new_id, now
from webapp.services.accounts import Person
from webapp.services.cases.claims import ClaimService
from webapp.services.cases.labelling import LabellingService, Said
from webapp.ui.texts import LANGUAGES

ENGLISH = LANGUAGES["en"]


def test_whoever_asks_is_told_on_the_open_page(visit: Visit, samples: Path, server: Server) -> None:
    page = visit.page
    send = ["curl", "-sS", "-F", f"file=@{samples / 'two_people.jpg'}", "-F", "consent=true", f"{server.url}/api/v1/analyse"]
    receipt = json.loads(subprocess.run(send, check=True, capture_output=True, text=True).stdout)["receipt"]
    page.clock.install()
    page.goto(f"{server.url}/receipt#{receipt}")
    expect(page.locator("#record")).to_contain_text(ENGLISH.moderators_decision, timeout=30_000)
    page.get_by_label(ENGLISH.tell_me).check()
    names = ", ".join(ENGLISH.face_number.format(number=number) for number in (1, 2))  # which the model cannot tell
    expect(page.locator("#record")).to_contain_text(ENGLISH.with_moderators.format(faces=names), timeout=30_000)
    decide(server)
    page.clock.fast_forward("00:21")
    expect(page.locator("#record")).to_contain_text(ENGLISH.decided["fake"], timeout=30_000)
    expect(page.locator(".toast-body, .toast-wrap").first).to_contain_text(ENGLISH.decided_now)
    assert visit.complaints == []
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#record")).to_contain_text(ENGLISH.deleted, timeout=30_000)


def decide(server: Server) -> None:
    """Two moderators agree on the case, some time ago."""
    engine = connect(f"sqlite:///{server.database}")
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        accounts = [Account(name=new_id(), role=Role.MODERATOR, created_at=now()) for _ in range(2)]
        session.add_all(accounts)
    for account in accounts:
        person = Person(account.id, account.name, Role.MODERATOR)
        claims, labelling = ClaimService(sessions), LabellingService(sessions)
        while (case := claims.take(person)) is not None:  # other tests' cases too
            labelling.blind(person, case, Said("fake", 2))
            labelling.final(person, case)
    with sessions.begin() as session:
        session.execute(update(Decision).values(decided_at=now() - timedelta(hours=1)))
    engine.dispose()
