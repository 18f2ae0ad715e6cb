"""Browser tests of the list of cases: a dropped near copy, blindness, history, filters, local times."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select, update

from tests.conftest import Server
from tests.desks import close_all, keep, open_on, records_of, signed_in
from tests.e2e.conftest import ROOMY
from tests.e2e.test_desk import SHOTS, At
from webapp.db.tables import Case, CaseItem, Decision, ImportedFile
from webapp.domain.clock import now
from webapp.domain.enums import ImportRule
from webapp.texts.case_list import ENGLISH as WORDS
from webapp.texts.desk import ENGLISH as DESK_WORDS

PHONE = {"width": 390, "height": 844}
# Hours between this time zone and UTC, all year.
ZONE, OFFSET = "Asia/Shanghai", timedelta(hours=8)
SOURCE, RIGHTS = "NASA <b>archive</b>", "public domain"
LABEL = {"value": "fake", "confidence": 3, "tags": ["boundary"], "note": "A seam <b>at</b> the chin."}
# Drops a file of these bytes, given in base64, on the list.
DROP = """content => {
    const bytes = Uint8Array.from(atob(content), character => character.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "copy.jpg", {type: "image/jpeg"}));
    const event = new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true});
    document.getElementById("find-drop").dispatchEvent(event);
}"""


@pytest.fixture
def desk_of(browser: Browser, desk_server: Server) -> Iterator[Any]:
    """Opens a browser of its own for a person."""
    contexts = []

    def opened(name: str, viewport: Any = ROOMY, **more: Any) -> At:
        contexts.append(browser.new_context(viewport=viewport, timezone_id=ZONE, **more))
        return At(contexts[-1].new_page(), desk_server).sign_in(name)

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def case(desk_server: Server, samples: Path) -> str:
    close_all(desk_server)
    return open_on(desk_server, keep(desk_server, samples / "astronaut.png", vote="disagree"))


def near_copy(photo: Path) -> str:
    """Return a smaller copy with lossy compression, in base64."""
    written = io.BytesIO()
    with Image.open(photo) as image:
        image.convert("RGB").resize((image.width // 2, image.height // 2)).save(written, "JPEG", quality=60)
    return base64.b64encode(written.getvalue()).decode()


def rows(page: Page) -> Any:
    return page.locator("#find-cases tr[data-case]")


def label_by(server: Server, name: str, case: str, value: str) -> None:
    with signed_in(server, name) as moderator:
        moderator.said(f"/case/{case}/take")
        moderator.said(f"/case/{case}/blind", {**LABEL, "value": value})
        moderator.said(f"/case/{case}/final", {"same": True})


def settle(server: Server) -> None:
    """Move all decisions into the past, so that they can no longer be undone."""
    with records_of(server) as sessions, sessions.begin() as session:
        session.execute(update(Decision).values(decided_at=now() - timedelta(days=1)))
        session.execute(update(Case).values(decided_at=now() - timedelta(days=1)))


def state_source(server: Server, case: str) -> None:
    """Make the file of a case an imported one."""
    with records_of(server) as sessions, sessions.begin() as session:
        item = session.scalars(select(CaseItem).join(CaseItem.case).where(Case.public_id == case)).one()
        analysis = item.analysis
        analysis.imported = ImportedFile(
            sha256=analysis.media_sha256, source=SOURCE, rights=RIGHTS, rule=ImportRule.ALL
        )


def shoot(person: At, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    person.page.screenshot(path=SHOTS / f"cases-{name}.png", full_page=True)
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert person.grave() == []


def test_a_near_copy_finds_a_case_that_stays_blind_until_the_own_label(
    desk_server: Server, case: str, samples: Path, desk_of: Any
) -> None:
    mia = desk_of("mia")
    page = mia.page
    page.get_by_role("tab", name=WORDS.title).click()
    expect(page.locator("#find-cases")).to_contain_text(WORDS.none)
    page.evaluate(DROP, near_copy(samples / "astronaut.png"))
    expect(rows(page)).to_have_count(1)
    shown = rows(page).inner_text()
    assert case[:8] in shown
    assert "near copy" in shown
    assert not any(word in shown for word in (*WORDS.verdicts.values(), *WORDS.reasons.values()))
    shoot(mia, "found")
    link = rows(page).get_by_role("link", name=WORDS.open_case.format(id=case[:8]))
    link.focus()
    mia.keys("Enter")
    expect(page.locator("#find-note")).to_have_text(WORDS.blind)
    expect(page.locator("#find-title")).to_be_focused()
    expect(page.locator("#find-history li")).to_have_count(0)
    expect(page.locator("#find-picture")).to_be_hidden()
    # The desk may show this case already, and shows it again with the answer.
    with page.expect_response("**/take"):
        page.locator("#find-take").click()
    page.wait_for_timeout(500)
    mia.ready(case)
    mia.keys("2", "e", "Enter")
    mia.state("revealed")
    mia.keys("Enter")
    mia.state("empty")
    page.get_by_role("tab", name=WORDS.title).click()
    page.get_by_role("button", name=WORDS.back).click()
    page.get_by_role("button", name=WORDS.own).click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text(WORDS.reasons["disagreement"])
    # A second label decides the case; the decision can be undone for a while.
    label_by(desk_server, "noah", case, "fake")
    rows(page).get_by_role("link").first.click()
    expect(page.locator("#find-note")).to_have_text(WORDS.unsettled)
    expect(page.locator("#find-history li")).to_have_count(2)
    assert mia.complaints == []


def test_a_settled_case_shows_its_history_in_local_time(desk_server: Server, case: str, desk_of: Any) -> None:
    for name in ("mia", "noah"):
        label_by(desk_server, name, case, "fake")
    settle(desk_server)
    state_source(desk_server, case)
    with signed_in(desk_server, "olga") as olga:
        opened = olga.get(f"/case/{case}/history").json()["history"]["case"]["opened_at"]
    utc = datetime.fromisoformat(opened).astimezone(UTC)
    ada = desk_of("ada", color_scheme="dark")
    page = ada.page
    page.goto(f"{desk_server.url}/moderate/?__theme=dark#history={case}")
    expect(page.locator("#find-history li")).to_have_count(6, timeout=30_000)
    time = page.locator("#find-history li").filter(has_text=WORDS.events["opened"]).locator("time")
    expect(time).to_have_text(f"{utc + OFFSET:%Y-%m-%d %H:%M}")
    expect(time).to_have_attribute("title", f"{utc:%Y-%m-%d %H:%M} UTC")
    history = page.locator("#find-history").inner_text()
    assert "noah" in history
    assert LABEL["note"] in history
    expect(page.locator("#find-facts")).to_contain_text(WORDS.facts["source"] + SOURCE)
    expect(page.locator("#find-facts")).to_contain_text(WORDS.facts["rights"] + RIGHTS)
    assert WORDS.ways["agreement"] in history
    page.wait_for_function("document.querySelector('#find-picture img').naturalWidth > 0")
    shoot(ada, "history-dark")
    # Moderators read no names.
    mia = desk_of("mia", PHONE)
    mia.page.goto(f"{desk_server.url}/moderate/#history={case}")
    expect(mia.page.locator("#find-history li")).to_have_count(6, timeout=30_000)
    text = mia.page.locator("#find-history").inner_text()
    assert "noah" not in text
    assert WORDS.author.format(number=2) in text
    assert WORDS.you in text
    mia.page.wait_for_function("document.querySelector('#find-picture img').naturalWidth > 0")
    shoot(mia, "history-phone")
    assert ada.complaints == mia.complaints == []


def test_filters_pages_and_times_of_an_admin(
    desk_server: Server, case: str, samples: Path, desk_of: Any
) -> None:
    receipt = keep(desk_server, samples / "two_people.jpg")
    other = open_on(desk_server, receipt, subject=2, wanted=1)
    label_by(desk_server, "noah", other, "real")
    settle(desk_server)
    ada = desk_of("ada")
    page = ada.page
    page.get_by_role("tab", name=WORDS.title).click()
    page.get_by_role("button", name=WORDS.all_cases).click()
    expect(rows(page)).to_have_count(2)
    shoot(ada, "all")

    def select(name: str) -> Locator:
        return page.locator(f"#find-filters select[name={name}]")

    select("decision").select_option("real")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text(other[:8])
    select("moderator").select_option("noah")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name=WORDS.reset).click()
    expect(rows(page)).to_have_count(2)
    # The open case has a verdict, which this filter must not tell.
    select("state").select_option("open")
    expect(rows(page)).to_have_count(1)
    for verdict in WORDS.verdicts:
        select("verdict").select_option(verdict)
        expect(page.locator("#find-cases")).to_contain_text(WORDS.none)
    page.locator("#find-query").fill(f"https://lens.example/result#{receipt}")
    page.locator("#find-query").press("Enter")
    expect(rows(page)).to_have_count(1)
    expect(page.locator("#find-count")).to_have_text(WORDS.found.format(count=1))
    page.locator("#find-query").fill("no such thing")
    page.get_by_role("button", name=WORDS.search_button, exact=True).click()
    expect(page.locator("#find-message")).to_have_class("desk-message desk-wrong")
    page.get_by_role("tab", name=DESK_WORDS.admin).click()
    expect(page.locator("#people time").first).to_have_attribute(
        "title", re.compile(r"[\d-]{10} [\d:]{5} UTC")
    )
    assert ada.complaints == []


def test_the_list_on_a_phone(desk_server: Server, case: str, desk_of: Any) -> None:
    label_by(desk_server, "olga", case, "fake")
    olga = desk_of("olga", PHONE)
    olga.page.get_by_role("tab", name=WORDS.title).click()
    expect(rows(olga.page)).to_have_count(1)
    shoot(olga, "list-phone")
    assert olga.complaints == []
