"""A running application with moderators and cases, as the desk's tests need it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import delete, select, text

from tests.conftest import Server
from webapp.db.session import Sessions, connect, make_sessions
from webapp.db.tables import Account, AccountSession, Analysis, Case
from webapp.domain.clock import now
from webapp.domain.enums import Reason, Role
from webapp.security.tokens import new_token, receipt_hash, token_hash
from webapp.services.accounts import HOST, AccountService
from webapp.services.audit.log import AuditService
from webapp.services.moderation.ranking import TriageRules, open_case
from webapp.ui.auth import cookies
from webapp.ui.desk import CALLS

PASSWORD = "correct horse battery"
TABLES = (
    *("account", "link", "cases", "claim", "label", "label_tag", "label_region", "decision", "audit"),
    *("snapshot", "tuning_run", "model_version"),
)
PEOPLE = {"mia": Role.MODERATOR, "noah": Role.MODERATOR, "olga": Role.MODERATOR, "ada": Role.ADMIN}


@contextmanager
def records_of(server: Server) -> Iterator[Sessions]:
    """Yield sessions on the running server's database."""
    engine = connect(f"sqlite:///{server.database}")
    try:
        yield make_sessions(engine)
    finally:
        engine.dispose()


def invite_all(server: Server) -> None:
    with records_of(server) as sessions:
        accounts = AccountService(sessions, AuditService(sessions, None))
        for name, role in PEOPLE.items():
            accounts.accept(accounts.invite(HOST, name, role), PASSWORD)


def keep(server: Server, path: Path, *, vote: str | None = None) -> str:
    """Analyse and keep a file as a visitor, vote with a note if `vote` is given, and return the receipt."""
    with path.open("rb") as file:
        answer = httpx.post(
            f"{server.url}/api/v1/analyse",
            files={"file": (f"visitors-own-{path.name}", file)},
            data={"consent": "true"},
            timeout=120,
        )
    result = answer.json()
    assert result["kept"], result
    receipt = str(result["receipt"])
    if vote:
        words = {"face": 1, "vote": vote, "note": "words of a visitor", "idempotency_key": f"key-{receipt}"}
        feedback = httpx.post(f"{server.url}/api/v1/results/{receipt}/feedback", json=words, timeout=60)
        assert feedback.status_code == 200
    return receipt


def open_on(server: Server, receipt: str, *, subject: int = 1, wanted: int = 2) -> str:
    """Open a case for a kept result and return its public id."""
    with records_of(server) as sessions, sessions.begin() as session:
        analysis = session.scalars(
            select(Analysis).where(Analysis.receipt_hash == receipt_hash(receipt))
        ).one()
        case = open_case(session, analysis, subject, Reason.DISAGREEMENT, TriageRules(wanted=wanted))
        return case.public_id


def close_all(server: Server) -> None:
    """Delete the cases of earlier tests."""
    with records_of(server) as sessions, sessions.begin() as session:
        session.execute(delete(Case))


def rows_of(server: Server) -> dict[str, list[Any]]:
    """Return all rows that a moderator or admin can change, without the time of their last request."""
    with records_of(server) as sessions, sessions() as session:
        rows: dict[str, list[Any]] = {}
        for name in TABLES:
            result = session.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2"))
            rows[name] = [tuple(row) for row in result]
        rows["signed_in"] = list(session.scalars(text("SELECT token_hash FROM signed_in ORDER BY 1")))
        return rows


@dataclass(frozen=True)
class Moderator:
    """Signed-in person that uses plain HTTP."""

    client: httpx.Client

    def post(self, path: str, words: object = None) -> httpx.Response:
        content = json.dumps({} if words is None else words)
        return self.client.post(CALLS + path, content=content, headers={"Content-Type": "application/json"})

    def get(self, path: str) -> httpx.Response:
        return self.client.get(CALLS + path)

    def said(self, path: str, words: object = None) -> Any:
        answer = self.post(path, words)
        assert answer.status_code == 200, answer.text
        return answer.json()


def session_of(server: Server, name: str) -> str:
    """Return a session cookie without signing in, which is rate-limited."""
    with records_of(server) as sessions, sessions.begin() as session:
        account = session.scalars(select(Account).where(Account.name == name)).one()
        token = new_token()
        session.add(
            AccountSession(
                account_id=account.id, token_hash=token_hash(token), created_at=now(), seen_at=now()
            )
        )
        return token


@contextmanager
def signed_in(server: Server, name: str) -> Iterator[Moderator]:
    with httpx.Client(
        base_url=server.url, timeout=60, cookies={cookies.SESSION: session_of(server, name)}
    ) as client:
        yield Moderator(client)
