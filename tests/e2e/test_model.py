"""Browser tests of the page about the model: tables, the gate's report, promotion and rollback."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT, Server, served
from tests.desks import invite_all, records_of
from tests.e2e.conftest import PHONE, ROOMY
from tests.e2e.test_desk import SHOTS, At
from tests.proofs.test_model_switching import candidate, slightly_changed
from webapp.db.tables import ModelVersion, Snapshot, TuningRun
from webapp.domain.clock import now
from webapp.domain.enums import ModelState, RunState, SnapshotState
from webapp.domain.ids import new_id
from webapp.texts.model import ENGLISH as WORDS

# Version of the shipped weights
SHIPPED = json.loads((ROOT / "laanet_core/starter/config.json").read_text())["version"]
FIGURES = {
    "auc gold": {"passed": True, "candidate": 0.9123, "champion": 0.871, "low": 0.011, "high": 0.0712},
    "other data": {"passed": False, "candidate": None, "champion": None, "low": None, "high": None},
}
CHECKS = [{"name": name, "why": "what must hold", **figures} for name, figures in FIGURES.items()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a candidate, a usable and a stale snapshot, a running run and a failed one."""
    folder = tmp_path_factory.mktemp("model")
    with served(folder, LENS_WEIGHTS="starter", LENS_AUDIT_SHARE="0", LENS_CASE_UNCERTAIN="0") as running:
        invite_all(running)
        candidate(running, slightly_changed(folder / "made"))
        fill(running)
        yield running


def run_row(snapshot: Snapshot, state: RunState, step: int, message: str = "") -> TuningRun:
    return TuningRun(
        public_id=new_id(),
        snapshot=snapshot,
        base_sha256="0" * 64,
        state=state,
        created_at=now(),
        heartbeat_at=now(),
        step=step,
        steps=400,
        config="{}",
        message=message,
    )


def fill(server: Server) -> None:
    with records_of(server) as sessions, sessions.begin() as session:
        row = session.query(ModelVersion).filter_by(version="changed").one()
        named = (
            {"version": "changed", "sha256": row.sha256},
            {"version": SHIPPED, "sha256": row.parent_sha256},
        )
        row.report = json.dumps(
            {
                "passed": True,
                "candidate": named[0],
                "champion": named[1],
                "checks": CHECKS,
                "snapshot": "s" * 32,
            }
        )
        counts = {"real": 30, "fake": 28, "train": 38, "val": 9, "gold": 11}
        snapshots = [
            Snapshot(public_id=new_id(), sha256="0" * 64, created_at=now(), state=state, **counts)
            for state in SnapshotState
        ]
        session.add_all(snapshots)
        for state, step, message in (
            (RunState.FAILED, 7, "run_failed: <img src=x onerror=alert(1)>"),
            (RunState.RUNNING, 120, ""),
        ):
            session.add(run_row(snapshots[0], state, step, message))


def opened(browser: Browser, server: Server, name: str, viewport: dict[str, int]) -> At:
    return At(browser.new_context(viewport=viewport).new_page(), server).sign_in(name)


def model_of(page: Page) -> None:
    page.get_by_role("tab", name=WORDS.title).click()
    page.wait_for_selector("#model[data-state=shown]", timeout=30_000)


def test_moderators_have_no_such_page(browser: Browser, server: Server) -> None:
    mia = opened(browser, server, "mia", ROOMY)
    assert mia.page.get_by_role("tab", name=WORDS.title).count() == 0
    assert mia.complaints == []
    mia.page.context.close()


def test_a_candidate_is_looked_at_promoted_and_taken_back(browser: Browser, server: Server) -> None:
    ada = opened(browser, server, "ada", ROOMY)
    page = ada.page
    model_of(page)
    expect(page.locator("#model-answering")).to_have_text(SHIPPED)
    assert page.locator("#model-snapshots tbody tr").count() == 2
    expect(page.locator("#model-begin option")).to_have_count(1)  # nothing is learned from what is stale
    expect(page.locator("#model-runs")).to_contain_text("step 120 of 400")
    expect(page.locator("#model-runs")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#model-begin button")).to_be_disabled()  # one at a time
    expect(page.locator("#model-versions")).to_contain_text(f"changed ← {SHIPPED}")
    expect(page.locator("[data-model=rollback]")).to_be_disabled()
    page.get_by_role("button", name=f"{WORDS.report}: changed").click()
    checks = page.locator("#model-checks tbody tr")
    expect(checks.nth(0)).to_contain_text("+0.0110 to +0.0712")
    expect(checks.nth(0)).to_contain_text(WORDS.check_passed)
    expect(checks.nth(1)).to_contain_text(WORDS.no_figure)
    expect(checks.nth(1)).to_contain_text(WORDS.check_failed)
    assert ada.grave() == []
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "desk-model.png", full_page=True)
    promote_and_roll_back(page)
    assert ada.complaints == []
    page.context.close()


def promote_and_roll_back(page: Page) -> None:
    promote = page.get_by_role("button", name=f"{WORDS.promote}: changed")
    promote.click()
    page.locator("#model-promote").get_by_role("button", name=WORDS.keep).click()
    expect(page.locator("#model-answering")).to_have_text(SHIPPED)
    promote.click()
    page.locator("#model-promote").get_by_role("button", name=WORDS.confirm).click()
    expect(page.locator("#model-message")).to_have_text(WORDS.promotion_done.format(version="changed"))
    expect(page.locator("#model-answering")).to_have_text("changed", timeout=20_000)
    expect(page.locator("#model-following")).to_have_text("")
    roll_back(page)
    page.get_by_role("button", name=f"{WORDS.go_back}: changed").click()
    expect(page.locator("#model-answering")).to_have_text("changed", timeout=20_000)
    roll_back(page)


def roll_back(page: Page) -> None:
    page.locator("[data-model=rollback]").click()
    expect(page.locator("#model-answering")).to_have_text(SHIPPED, timeout=20_000)
    expect(page.locator("#model-versions")).to_contain_text(WORDS.version_states["rejected"])
    expect(page.locator("[data-model=rollback]")).to_be_disabled()  # there was no champion before this one


def test_what_learned_from_something_deleted_is_marked_and_offered_no_more(
    browser: Browser, server: Server
) -> None:
    with records_of(server) as sessions, sessions.begin() as session:
        stale = session.query(Snapshot).filter_by(state=SnapshotState.STALE).one()
        runs = [run_row(stale, RunState.FINISHED, 400) for _ in range(2)]
        champion = session.query(ModelVersion).filter_by(state=ModelState.CHAMPION).one()
        champion.run = runs[0]
        report = {
            "passed": True,
            "candidate": {"version": "ft-9", "sha256": "9" * 64},
            "champion": {"version": champion.version, "sha256": champion.sha256},
        }
        session.add(
            ModelVersion(
                version="ft-9",
                source=champion.source,
                sha256="9" * 64,
                config_sha256="9" * 64,
                run=runs[1],
                state=ModelState.CANDIDATE,
                created_at=now(),
                report=json.dumps(report),
            )
        )
        name = champion.version
    ada = opened(browser, server, "ada", ROOMY)
    model_of(ada.page)
    expect(ada.page.locator("#model-stale")).to_have_text(WORDS.stale_champion.format(version=name))
    row = ada.page.locator("#model-versions tbody tr", has_text="ft-9")
    expect(row).to_contain_text(WORDS.stale)
    assert row.get_by_role("button").all_inner_texts() == [WORDS.report]
    assert ada.grave() == []
    ada.page.context.close()


def test_it_fits_a_phone(browser: Browser, server: Server) -> None:
    ada = opened(browser, server, "ada", PHONE)
    tab = ada.page.get_by_role("tab", name=WORDS.title)
    more = ada.page.locator(".overflow-menu > button")
    tab.or_(more).first.wait_for()
    if not tab.is_visible():  # tabs that do not fit are in a menu
        more.click()
        ada.page.locator(".overflow-dropdown button", has_text=WORDS.title).click()
    else:
        tab.click()
    ada.page.wait_for_selector("#model[data-state=shown]", timeout=30_000)
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ada.page.screenshot(path=SHOTS / "desk-model-phone.png", full_page=True)
    ada.page.context.close()
