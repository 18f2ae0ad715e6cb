"""Browser test of the whole path by keyboard: no click, no focus set by script, only typing and pasting."""

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
    const hasOutline = (one) => {
        const style = one && getComputedStyle(one);
        return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    };
    const box = element.getBoundingClientRect();
    const inSight = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
    return inSight && (hasOutline(element) || hasOutline(element.closest("label")));
}"""


class Keyboard(Visit):
    def go(self, selector: str, *, back: bool = False) -> None:
        """Press Tab until a matching element has the focus. Every element on the way must show its focus."""
        for _ in range(120):
            self.press("Shift+Tab" if back else "Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                # After the last element comes the first one
                continue
            where = self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            assert self.page.evaluate(SEEN), f"the focus is not visible: {where}"
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    def choose_file(self, path: Path) -> None:
        """Open the file dialog with Enter. Try again if the page does not listen yet."""
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
    # Screen readers announce this element
    page.wait_for_selector("#headline .html-container[aria-live=polite]")
    walk.choose_file(samples / "astronaut.png")
    page.wait_for_selector("#file .file-preview")
    walk.go("#analyse")
    walk.press("Enter")
    page.wait_for_selector("#headline .html-container[aria-live=polite] .lens-prob", timeout=120_000)
    page.wait_for_selector("#faces .lens-strip", timeout=120_000)
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
    expect(page.locator("#stored-details .html-container[aria-live=polite]")).to_contain_text(
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
    query = (
        "SELECT vote, tag FROM feedback JOIN feedback_tag ON feedback.id = feedback_tag.feedback_id "
        "WHERE note = 'by keyboard alone'"
    )
    with engine.connect() as connection:
        found = [(row[0], row[1]) for row in connection.execute(text(query))]
    engine.dispose()
    return found
