"""Browser tests of every page of a visit in German and Chinese: accessible, no sideways scroll, no motion."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.conftest import Server
from tests.e2e.conftest import ROOMY, Visit
from tests.e2e.test_keyboard import SEEN
from webapp.texts import LANGUAGES
from webapp.texts.addresses import address

# Width and height of the window. The last one is a laptop's at 200 %, with twice as many pixels.
DESKTOP, PHONE, ZOOMED = (1280, 900), (390, 844), (640, 450)
# Size and theme of each check. The languages swap the themes, so that every size is seen in both.
CHECKS = {
    "de": ((DESKTOP, "light"), (PHONE, "dark"), (ZOOMED, "light")),
    "zh": ((DESKTOP, "dark"), (PHONE, "light"), (ZOOMED, "dark")),
}
_SIDEWAYS = """() => {
    const root = document.documentElement;
    const outside = [...document.querySelectorAll("main *")].filter((element) => {
        if (element.closest(".lens-unseen, pre, .lens-table") || !element.checkVisibility()) return false;
        return element.getBoundingClientRect().right > innerWidth + 1;
    });
    const isWide = root.scrollWidth > root.clientWidth;
    return [...(isWide ? ["the page"] : []), ...outside.map((element) => element.outerHTML.slice(0, 120))];
}"""
_MOTION = """() => document.getAnimations()
    .filter((animation) => animation.playState === "running")
    .map((animation) => animation.animationName || animation.transitionProperty)"""
# Everything that the Tab key must reach. Of the radio buttons of a group it reaches one.
_CONTROLS = """() => {
    const kinds = "a[href], button, input, select, textarea, summary, [tabindex]";
    const found = [...document.querySelectorAll(kinds)]
        .filter((element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility())
        .filter((element) => element.type !== "radio" || element.checked);
    window.controls = found;
    return found.length;
}"""
_REACHED = "() => window.controls.indexOf(document.activeElement)"


def expect_sound(page: Page, code: str) -> None:
    """Check a page in several sizes and both themes: axe of any level, sideways scrolling, motion."""
    for (width, height), theme in CHECKS[code]:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(f"document.body.classList.toggle('dark', {str(theme == 'dark').lower()})")
        place = f"{page.url.partition('#')[0]} {width} {theme}"
        assert page.evaluate(_SIDEWAYS) == [], place
        assert page.evaluate(_MOTION) == [], place
        if (width, height) == ZOOMED:
            continue
        violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == [], place
    page.set_viewport_size(ROOMY)
    page.evaluate("document.body.classList.remove('dark')")


def expect_reachable(page: Page) -> None:
    """Press Tab through the whole page: every control has the focus once, and it is visible."""
    missing = set(range(page.evaluate(_CONTROLS)))
    assert missing
    page.evaluate("document.activeElement.blur()")
    for _ in range(2 * len(missing) + 10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            continue
        where = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert page.evaluate(SEEN), f"the focus is not visible: {where}"
        missing.discard(page.evaluate(_REACHED))
        if not missing:
            return
    unreached = page.evaluate("(all) => all.map((one) => controls[one].outerHTML.slice(0, 200))", [*missing])
    raise AssertionError(f"Tab never reaches {unreached}")


@pytest.mark.parametrize("code", CHECKS)
def test_every_page_is_sound_in_all_sizes_and_themes(
    browser: Browser, server: Server, samples: Path, code: str
) -> None:
    texts = LANGUAGES[code]
    context = browser.new_context(viewport=ROOMY, device_scale_factor=2, reduced_motion="reduce")
    visit = Visit(context.new_page(), server).open(place=address(texts, ""))
    page = visit.page
    page.get_by_label(texts.consent).check()
    visit.analyse(samples / "two_people.jpg")
    page.wait_for_selector("#faces .lens-strip", timeout=120_000)
    expect_sound(page, code)
    page.goto(page.locator("#link :is(input, textarea)").first.input_value())
    page.wait_for_selector("#picture .lens-stage", timeout=120_000)
    page.wait_for_selector("#faces .lens-strip", timeout=120_000)
    expect_sound(page, code)
    expect_reachable(page)
    for name, place in (
        ("verify", "#verify-media [data-testid=upload-text]"),
        ("programs", ".lens-programs"),
    ):
        page.goto(f"{server.url}{address(texts, name)}?__theme=light")
        page.wait_for_selector(place)
        page.wait_for_selector(".lens-footer")
        expect_sound(page, code)
        expect_reachable(page)
    assert visit.complaints == []
    assert visit.foreign == []
    context.close()
