"""Fixtures for a real browser: Chromium under Playwright."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from laanet_core.media.images import read_image
from tests.conftest import ROOT, Server, served
from tests.desks import invite_all
from tests.e2e.signed_site import SignedSite
from tests.signed_files import new_chain

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
# Milliseconds. With the default of 5 s, a busy machine breaks tests.
expect.set_options(timeout=30_000)
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
        # Its name is in the language of the page
        remove = self.page.locator("#file .icon-button").last
        if remove.count():
            remove.click()
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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedSite]:
    """Yield a server that trusts the test authority, has moderators, and shows decisions on known files."""
    folder = tmp_path_factory.mktemp("signed")
    trust_list = folder / "trust.pem"
    trust_list.write_bytes(new_chain().authority)
    settings = {
        "LENS_C2PA_TRUST": str(trust_list),
        "LENS_AUDIT_SHARE": "0",
        "LENS_CASE_UNCERTAIN": "0",
        "LENS_DECISION_DELAY": "0",
        "LENS_KNOWN_FILES": "on",
    }
    with (
        served(folder, **settings) as running,
        httpx.Client(base_url=f"{running.url}/api/v1", timeout=120) as http,
    ):
        invite_all(running)
        yield SignedSite(running, http)


@pytest.fixture(scope="session")
def portrait() -> bytes:
    """Return a real face without metadata, as PNG."""
    written = io.BytesIO()
    face = read_image(ROOT / "tests/samples/astronaut.png")
    Image.fromarray(np.ascontiguousarray(face)).save(written, "PNG")
    return written.getvalue()
