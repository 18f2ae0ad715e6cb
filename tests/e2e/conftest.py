"""Fixtures for a real browser: Chromium under Playwright."""

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
    """One Playwright for all browsers, because a process cannot start two."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, browser_path: str) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
    yield running
    running.close()


# The Analyse button may be enabled again before the test looks at it. A result is visible some moments after
# it has arrived, because Gradio fades the old one out. Gradio does not redraw a result that equals the old
# one.
_MARK_OLD_RESULT = """() => {
    window.arrivedAt = null;
    document.querySelector("#headline .lens-head").dataset.old = "";
    window.originalArrive ??= window.lensArrive;
    window.lensArrive = () => { window.originalArrive(); window.arrivedAt = performance.now(); };
}"""
_NEW_RESULT_IS_VISIBLE = """() => {
    const head = document.querySelector("#headline .lens-head");
    const isNew = head && (!("old" in head.dataset) || performance.now() - window.arrivedAt > 1500);
    const isVisible = head && head.innerText.trim() !== "" && head.checkVisibility({opacityProperty: true});
    const isResult = !document.querySelector("#headline .lens-welcome");
    return window.arrivedAt !== null && isNew && isVisible && isResult;
}"""


class Visit:
    """Analysis page in a browser.

    `foreign` are requests to other servers, `complaints` are script errors.
    """

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
        """Upload files in place of the earlier ones."""
        remove = self.page.locator("#file button[aria-label='Clear'], #file button[title='Clear']")
        if remove.count():
            remove.first.click()
            self.page.wait_for_selector("#file .file-preview", state="detached")
        self.page.set_input_files("#file input[type=file]", [str(path) for path in paths])
        self.page.wait_for_selector("#file .file-preview")

    def analyse(self, *paths: object) -> str:
        """Upload files, press Analyse, wait for the result and return the first headline."""
        self.choose(*paths)
        return self.press()

    def press(self) -> str:
        """Press Analyse, wait for the result and return the headline."""
        self.page.evaluate(_MARK_OLD_RESULT)
        self.page.click("#analyse")
        self.page.wait_for_function(_NEW_RESULT_IS_VISIBLE, timeout=120_000)
        self.page.wait_for_selector("#analyse:not([disabled])")
        return self.page.inner_text("#headline")


@pytest.fixture(params=[ROOMY], ids=["desktop"])
def visit(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Visit]:
    context = browser.new_context(viewport=request.param)
    yield Visit(context.new_page(), server).open()
    context.close()
