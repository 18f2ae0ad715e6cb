"""A real browser: Debian's Chromium under Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.conftest import Server

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOMY, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 700}


@pytest.fixture(scope="session")
def browser_path() -> str:
    executable = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine, and CI must not do without")
        pytest.skip("needs Chromium (Debian: apt install chromium)")
    return executable


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all browsers: it cannot be started twice in a process."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, browser_path: str) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
    yield running
    running.close()


# A button that answers while the server works may have stopped doing so before anybody looks. An answer comes some moments before it can be
# seen, since the one before it fades while the server works; and one that reads as that one did is not drawn anew.
_AWAIT_ANSWER = """() => {
    window.answered = null;
    document.querySelector("#headline .lens-head").dataset.old = "";
    window.toldArrive ??= window.lensArrive;
    window.lensArrive = () => { window.toldArrive(); window.answered = performance.now(); };
}"""
_DRAWN = """() => {
    const head = document.querySelector("#headline .lens-head");
    const anew = head && (!("old" in head.dataset) || performance.now() - window.answered > 1500);
    const seen = head && head.innerText.trim() !== "" && head.checkVisibility({opacityProperty: true});
    return window.answered !== null && anew && seen && !document.querySelector("#headline .lens-welcome");
}"""


class Visit:
    """The page as a visitor sees it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((server.url, "data:", "blob:"))
                else self.foreign.append(request.url)
            ),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, theme: str = "light", place: str = "/") -> Visit:
        self.page.goto(f"{self.server.url}{place}?__theme={theme}")
        self.page.wait_for_selector("#analyse")
        return self

    def choose(self, *paths: object) -> None:
        """Give files, taking away the ones before."""
        remove = self.page.locator("#file button[aria-label='Clear'], #file button[title='Clear']")
        if remove.count():
            remove.first.click()
            self.page.wait_for_selector("#file .file-preview", state="detached")
        self.page.set_input_files("#file input[type=file]", [str(path) for path in paths])
        self.page.wait_for_selector("#file .file-preview")

    def analyse(self, *paths: object) -> str:
        """Give files, press the button and wait for the answer; returns the first one's headline."""
        self.choose(*paths)
        return self.press()

    def press(self) -> str:
        """Press the button and wait for the answer."""
        self.page.evaluate(_AWAIT_ANSWER)
        self.page.click("#analyse")
        self.page.wait_for_function(_DRAWN, timeout=120_000)
        self.page.wait_for_selector("#analyse:not([disabled])")
        return self.page.inner_text("#headline")


@pytest.fixture(params=[ROOMY], ids=["desktop"])
def visit(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Visit]:
    context = browser.new_context(viewport=request.param)
    yield Visit(context.new_page(), server).open()
    context.close()
