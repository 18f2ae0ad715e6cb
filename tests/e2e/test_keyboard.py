"""The whole path with the keyboard alone: no click, no focus set by the test, nothing filled in but by typing and pasting."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, TimeoutError, expect
from sqlalchemy import create_engine, text

from tests.conftest import Server
from tests.e2e.conftest import ROOMY, Visit
from webapp.texts import LANGUAGES

TEXTS = LANGUAGES["en"]
SEEN = """() => {
    const element = document.activeElement;
    const ringed = (one) => one && getComputedStyle(one).outlineStyle !== "none" && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
    const box = element.getBoundingClientRect();
    return (ringed(element) || ringed(element.closest("label"))) && box.width > 0 && box.bottom > 0 && box.top < innerHeight;
}"""


class Keyboard(Visit):
    def go(self, selector: str, *, back: bool = False) -> None:
        """Press Tab until an element that matches has the focus; every stop on the way must be seen to have it."""
        for _ in range(120):
            self.press("Shift+Tab" if back else "Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                continue  # past the end: the next one is the first again
            where = self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            assert self.page.evaluate(SEEN), f"nobody sees that this has the focus: {where}"
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    def choose_file(self, path: Path) -> None:
        """Enter opens the browser's dialog; a page that has just come may not listen yet, and a person would press again."""
        for _ in range(3):
            self.go("#file button")
            try:
                with self.page.expect_file_chooser(timeout=8000) as chooser:
                    self.press("Enter")
            except TimeoutError:
                continue
            chooser.value.set_files(path)
            return
        raise AssertionError("Enter does not open the choice of files")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


def test_the_keyboard_alone_completes_the_path(browser: Browser, server: Server, samples: Path) -> None:
    context = browser.new_context(viewport=ROOMY)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    walk = Keyboard(context.new_page(), server)
    page = walk.open().page
    page.wait_for_selector("#headline .html-container[aria-live=polite]")  # whatever comes here is read out
    walk.choose_file(samples / "astronaut.png")
    page.wait_for_selector("#file .file-preview")
    walk.go("#analyse")
    walk.press("Enter")
    page.wait_for_selector("#headline .html-container[aria-live=polite] .lens-prob", timeout=120_000)
    page.wait_for_selector("#stability .lens-strip", timeout=120_000)
    walk.go("#picture .lens-controls label:nth-child(2) input[type=range]")
    walk.press(*["ArrowRight"] * 5)
    assert page.locator("#picture .lens-view").evaluate("e => e.style.getPropertyValue('--split')") == "5%"
    walk.press("End")
    assert (
        page.locator("#picture .lens-heat").evaluate("e => getComputedStyle(e).clipPath")
        == "inset(0px 0px 0px 100%)"
    )
    walk.go("#link button")
    walk.press("Enter")
    page.wait_for_function("navigator.clipboard.readText().then((words) => words.includes('/receipt#'))")
    walk.go("#vote input[value=disagree]")
    walk.press("Space")
    walk.go("#tags label:nth-child(5) input")
    walk.press("Space")
    walk.go("#note textarea")
    page.keyboard.type("by keyboard alone")
    walk.go("#send")
    walk.press("Enter")
    expect(page.locator("#thanks")).to_contain_text(TEXTS.thanks, timeout=30_000)
    assert page.locator("#thanks").get_attribute("aria-live") == "polite"
    assert stored(server) == [("disagree", "eyes")]
    walk.go("nav a[href='/receipt']", back=True)
    walk.press("Enter")
    page.wait_for_selector("#receipt textarea, #receipt input")
    walk.go("#receipt textarea, #receipt input")
    walk.press("Control+v", "Enter")
    expect(page.locator("#stored-result .html-container[aria-live=polite]")).to_contain_text(
        "by keyboard alone", timeout=30_000
    )
    walk.go("#delete")
    walk.press("Enter")
    page.wait_for_selector("#delete-sure")
    walk.go("#delete-sure")
    walk.press("Space")
    expect(page.locator("#stored-result")).to_contain_text(TEXTS.deleted, timeout=30_000)
    assert stored(server) == []
    context.close()


def stored(server: Server) -> list[tuple[str, str]]:
    engine = create_engine(f"sqlite:///{server.database}")
    query = "SELECT vote, tag FROM feedback JOIN feedback_tag ON feedback.id = feedback_tag.feedback_id WHERE note = 'by keyboard alone'"
    with engine.connect() as connection:
        found = [(row[0], row[1]) for row in connection.execute(text(query))]
    engine.dispose()
    return found
