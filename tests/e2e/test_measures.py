"""Browser tests of label quality and of the model's public measures."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.audited_faces import add_two_models
from tests.conftest import ROOT, Server, served
from tests.desks import invite_all, records_of
from tests.e2e.conftest import PHONE, ROOMY
from tests.e2e.test_desk import SHOTS, At
from tests.measured import work
from webapp.db.session import make_sessions, open_database
from webapp.services.accounts import HOST
from webapp.services.label_quality.service import LabelQualityService
from webapp.texts import LANGUAGES
from webapp.texts.measures import ENGLISH as WORDS

TOKEN = "token of the metrics"
STARTER_SHA256 = json.loads((ROOT / "laanet_core" / "starter" / "config.json").read_text())["sha256"]
# Elements that are wider than the screen, other than the tables, which scroll within themselves.
_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter(element => !element.closest(".measures-table")
        && element.getBoundingClientRect().right > innerWidth + 1)
    .map(element => element.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("measures")
    engine = open_database(f"sqlite:///{folder / 'data' / 'lens.sqlite3'}")
    add_two_models(make_sessions(engine), serving=STARTER_SHA256, open_faces=0)
    engine.dispose()
    with served(
        folder,
        LENS_AUDIT_SHARE="0",
        LENS_CASE_UNCERTAIN="0",
        LENS_PUBLIC_MEASURES="on",
        LENS_PROMISED_RATES="recall:60-100 false_alarm_rate:0-50",
        LENS_METRICS_TOKEN=TOKEN,
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
    mia = page.locator("#measures-people tbody tr", has_text="mia")
    expect(mia).to_contain_text("33 of 33: 100% (90% to 100%)")
    expect(page.locator("#measures-heatmaps .desk-few")).to_contain_text("<2> (4)")  # as it was written
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


def metrics_of(server: Server) -> str:
    """Return the metrics after the first check of the drift alarm."""
    deadline = time.monotonic() + 120
    while True:
        text = httpx.get(
            f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
        ).text
        if 'lens_model_in_band{rate="recall"} NaN' not in text or time.monotonic() > deadline:
            return text
        time.sleep(0.5)


def test_admins_are_warned_of_drift_and_moderators_are_not(browser: Browser, server: Server) -> None:
    metrics = metrics_of(server)
    assert 'lens_model_in_band{rate="recall"} 0.0' in metrics
    assert 'lens_model_in_band{rate="false_alarm_rate"} 1.0' in metrics
    ada = opened(browser, server, "ada", ROOMY)
    warning = ada.page.locator("#drift-warning [role=alert]")
    expect(warning).to_have_text(
        "The model has left its promised band. Recall: 31% (23% to 41%), 2026-09; promised: 60% to 100%."
    )
    photographed(ada, "-drift")
    ada.page.context.close()
    mia = opened(browser, server, "mia", ROOMY)
    expect(mia.page.locator("#drift-warning [role=alert]")).to_have_count(0)
    mia.page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_public_page_is_read_without_scripts(
    browser: Browser, server: Server, code: str, theme: str
) -> None:
    words = LANGUAGES[code].model_measures
    suffix = "" if code == "en" else f"-{code}"
    SHOTS.mkdir(parents=True, exist_ok=True)
    for size, viewport in (("desktop", ROOMY), ("phone", PHONE)):
        context = browser.new_context(viewport=viewport, color_scheme=theme)
        page = context.new_page()
        page.goto(f"{server.url}/model/measures{suffix}")
        expect(page.get_by_role("heading", level=1)).to_have_text(words.title)
        assert page.locator(".measures-model").count() == 2
        assert page.locator("script").count() == 0
        assert page.evaluate(_WIDE) == []
        page.screenshot(path=SHOTS / f"model-measures-{code}-{size}-{theme}.png", full_page=True)
        violations = Axe().run(page).response["violations"]
        assert [(found["id"], node["html"]) for found in violations for node in found["nodes"]] == []
        context.close()


def test_every_page_leads_to_the_measures_and_the_figures_are_those_of_the_json(
    browser: Browser, server: Server
) -> None:
    page = browser.new_page()
    page.goto(f"{server.url}/verify")
    page.get_by_role("link", name=LANGUAGES["en"].model_measures.to_measures).click()
    page.wait_for_url("**/model/measures")
    page.get_by_role("link", name=LANGUAGES["en"].model_measures.to_json).click()
    page.wait_for_url("**/api/v1/model/measures")
    page.close()
    # Every caller gets the same answer: the endpoint knows no session.
    answers = [
        httpx.get(f"{server.url}/api/v1/model/measures", headers=headers, timeout=60)
        for headers in ({}, {"Origin": "https://evil.example"}, {"Cookie": "lens_session=expired"})
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    serving = answers[0].json()["models"][0]
    assert serving["sha256"] == STARTER_SHA256
    assert serving["months"][0]["rates"]["recall"]["share"] == round(30 / 96, 4)
