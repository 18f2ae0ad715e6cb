"""Browser tests of label quality: figures, the line over time, and the link to a dispute."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server, served
from tests.desks import invite_all, records_of
from tests.e2e.conftest import PHONE, ROOMY
from tests.e2e.test_desk import SHOTS, At
from tests.measured import work
from webapp.services.accounts import HOST
from webapp.services.label_quality.service import LabelQualityService
from webapp.texts.measures import ENGLISH as WORDS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(
        tmp_path_factory.mktemp("measures"), LENS_AUDIT_SHARE="0", LENS_CASE_UNCERTAIN="0"
    ) as running:
        invite_all(running)
        with records_of(running) as sessions:
            work(sessions)
        yield running


def opened(browser: Browser, server: Server, name: str, viewport: dict[str, int]) -> At:
    return At(browser.new_context(viewport=viewport).new_page(), server).sign_in(name)


def measures_of(page: Page) -> None:
    """Open the tab; those that do not fit are in a menu."""
    tab, more = page.get_by_role("tab", name=WORDS.title), page.locator(".overflow-menu > button")
    tab.or_(more).first.wait_for()
    if tab.is_visible():
        tab.click()
    else:
        more.click()
        page.locator(".overflow-dropdown button", has_text=WORDS.title).click()
    page.wait_for_selector("#measures", timeout=30_000)


def photographed(person: At, size: str = "") -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    for theme in ("dark", "light"):
        person.page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
        person.page.screenshot(path=SHOTS / f"desk-measures{size}-{theme}.png", full_page=True)
        assert person.grave() == [], theme


def test_moderators_have_no_such_page(browser: Browser, server: Server) -> None:
    mia = opened(browser, server, "mia", ROOMY)
    assert mia.page.get_by_role("tab", name=WORDS.title).count() == 0
    assert mia.page.locator("#measures").count() == 0
    mia.page.context.close()


def test_figures_are_read_and_a_dispute_is_followed(browser: Browser, server: Server) -> None:
    with records_of(server) as sessions:
        measured = LabelQualityService(sessions).report(HOST)
    assert measured.agreement.interval is not None
    ada = opened(browser, server, "ada", ROOMY)
    page = ada.page
    measures_of(page)
    interval = f"{measured.agreement.interval.low:.2f} to {measured.agreement.interval.high:.2f}"
    expect(page.locator("#measures-alpha")).to_have_text(
        f"{WORDS.alpha}: {measured.agreement.alpha:.2f} (95 % interval {interval})"
    )
    expect(page.locator("#measures-faces")).to_have_text(WORDS.faces.format(cases=34))
    expect(page.get_by_role("img", name=WORDS.chart)).to_be_visible()
    mia = page.locator("#measures-people tbody tr").nth(0)
    expect(mia).to_contain_text("33 of 33: 100% (90% to 100%)")
    expect(page.locator("#measures-heatmaps tbody tr").nth(1)).to_contain_text("<2>")  # as it was written
    photographed(ada)
    page.get_by_role("link", name=WORDS.look).click()
    ada.state("adjudicate")
    expect(page.locator(".desk-argument")).to_have_count(3)
    assert ada.complaints == []
    page.context.close()


def test_it_fits_a_phone(browser: Browser, server: Server) -> None:
    ada = opened(browser, server, "ada", PHONE)
    measures_of(ada.page)
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    photographed(ada, "-phone")
    ada.page.context.close()
