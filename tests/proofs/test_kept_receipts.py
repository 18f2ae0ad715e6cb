"""No receipt is lost if the server is killed or the network is cut at any step of a visit (`make proof`).

LENS_OUTAGES sets the number of visits, 100 by default. A visit analyses two photos, votes and deletes one
result. At a random moment of a random step the server is killed and started again, stopped by SIGTERM and
started again, or the network is cut for some seconds.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import create_engine, text

from tests.e2e.conftest import FLAGS, ROOMY, Visit
from tests.e2e.restarts import RestartableServer
from webapp.security.tokens import receipt_hash
from webapp.texts import LANGUAGES

pytestmark = pytest.mark.proof
VISITS = int(os.environ.get("LENS_OUTAGES", "100"))
SEED = 22
TEXTS = LANGUAGES["en"]
# Milliseconds for everything that waits for the end of an outage.
PATIENCE = 240_000
STEPS = ("choose", "analyse", "vote", "delete")


@dataclass
class Outage:
    """One way to lose the connection, and the seconds after the begin of its step at which it happens."""

    kind: str
    step: str
    delay: float
    seconds: float

    @classmethod
    def draw(cls, rng: random.Random) -> Outage:
        kind = rng.choice(("cut", "cut", "cut", "killed", "stopped"))
        return cls(kind, rng.choice(STEPS), rng.uniform(0, 1.5), rng.uniform(0.2, 6))

    def happen(self, page: Page, server: RestartableServer) -> None:
        page.wait_for_timeout(1000 * self.delay)
        if self.kind == "cut":
            page.context.set_offline(True)
            page.wait_for_timeout(1000 * self.seconds)
            page.context.set_offline(False)
            return
        server.stop(gently=self.kind == "stopped")
        server.start()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableServer]:
    with RestartableServer(tmp_path_factory.mktemp("outages")) as server:
        yield server


def stored(page: Page) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = json.loads(page.evaluate("localStorage.getItem('lens-results') || '[]'"))
    return entries


def stored_hashes(server: RestartableServer) -> set[str]:
    """Return the hashes of all receipts on the server."""
    engine = create_engine(f"sqlite:///{server.server.database}")
    with engine.connect() as connection:
        hashes = {str(row[0]) for row in connection.execute(text("SELECT receipt_hash FROM analysis"))}
    engine.dispose()
    return hashes


def visit_with(outage: Outage, page: Page, server: RestartableServer, samples: Path) -> str:
    """Make one visit. Return the receipt of the result that the visitor deleted."""

    def step(name: str, act: Callable[[], object]) -> None:
        act()
        if outage.step == name:
            outage.happen(page, server)

    files = [str(samples / "two_people.jpg"), str(samples / "astronaut.png")]
    step("choose", lambda: page.set_input_files("#file input[type=file]", files))
    page.wait_for_selector("#file .file-preview", timeout=PATIENCE)
    step("analyse", lambda: page.click("#analyse", timeout=PATIENCE))
    page.wait_for_selector("#headline .lens-prob, #headline .lens-head > p", timeout=PATIENCE)
    page.wait_for_selector("#analyse:not([disabled])", timeout=PATIENCE)
    if not page.locator("#headline .lens-prob").count():
        # A server that stops says so, and the visitor presses again.
        assert TEXTS.restarting in page.inner_text("#headline")
        page.click("#analyse", timeout=PATIENCE)
        page.wait_for_selector("#headline .lens-prob", timeout=PATIENCE)
        page.wait_for_selector("#analyse:not([disabled])", timeout=PATIENCE)
    page.check("#vote input[value=agree]", timeout=PATIENCE)
    step("vote", lambda: page.click("#send"))
    expect(page.locator("#thanks")).not_to_be_empty(timeout=PATIENCE)
    deleted = page.locator("#link :is(input, textarea)").first.input_value().partition("#")[2]
    page.click("#delete")
    step("delete", lambda: page.click("#delete-sure"))
    expect(page.locator("#deleted")).to_contain_text("Deleted", timeout=PATIENCE)
    return deleted


def test_no_receipt_is_lost(browser: Browser, running: RestartableServer, samples: Path) -> None:
    rng = random.Random(SEED)
    for number in range(1, VISITS + 1):
        outage = Outage.draw(rng)
        began = time.monotonic()
        before = stored_hashes(running)
        context = browser.new_context(viewport=ROOMY)
        page = Visit(context.new_page(), running.server).open().page
        page.evaluate("window.isFirstPage = true")
        deleted = visit_with(outage, page, running, samples)
        entries = stored(page)
        assert page.evaluate("window.isFirstPage === true"), outage
        assert deleted not in [entry["receipt"] for entry in entries], outage
        # The browser has the receipts of everything that the server has stored, and no others.
        kept = {receipt_hash(entry["receipt"]) for entry in entries}
        assert stored_hashes(running) - before == kept, outage
        assert len(kept) == 1, outage
        answer = httpx.get(f"{running.server.url}/api/v1/results/{entries[0]['receipt']}", timeout=60)
        assert answer.status_code == 200, outage
        context.close()
        print(f"{number}: {outage.kind} at {outage.step}, {time.monotonic() - began:.0f} s")
