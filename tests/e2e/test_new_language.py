"""Proof that a language is one file: the application serves a made-up one that only its file names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import ROOT, free_port, start_server, wait_until_served
from webapp.texts import ENGLISH

# Text of a key, and text in a list of their own lines.
_TEXTS = re.compile(r'^([\w.-]+(?:\."[^"]+")? = |  )"(?=[^"])', re.MULTILINE)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve a copy of the application with one more file: English with a star before every text."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "webapp", copy / "webapp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", copy)
    (copy / "laanet_core").symlink_to(ROOT / "laanet_core")
    languages = copy / "webapp" / "texts" / "languages"
    english = (languages / "en.toml").read_text(encoding="utf-8")
    starred = _TEXTS.sub(r'\1"*', english)
    for name, value in {
        "language": "Starry",
        "locale": "eo",
        "decimal_mark": ",",
        "plural_rules.one": "n == 1",
    }.items():
        starred = re.sub(rf"^{name} = .*$", f'{name} = "{value}"', starred, flags=re.MULTILINE)
    (languages / "eo.toml").write_text(starred, encoding="utf-8")
    port = free_port()
    process = start_server(tmp_path, (str(copy / "app.py"),), LENS_PORT=str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(url, process, tmp_path / "log", seconds=240)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_a_file_is_all_that_a_language_needs(address: str, browser: Browser) -> None:
    context = browser.new_context(locale="eo")
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#analyse")).to_have_text(f"*{ENGLISH.analyse}", timeout=60_000)
    assert page.url == f"{address}/eo"
    # Gradio has no words in this language, and may not call the page English for it.
    expect(page.locator("html")).to_have_attribute("lang", "eo")
    page.get_by_role("link", name=f"*{ENGLISH.to_receipt}").click()
    page.wait_for_url(f"{address}/receipt-eo")
    expect(page.get_by_role("heading", name=f"*{ENGLISH.receipt_title}", exact=True)).to_be_visible()
    page.goto(f"{address}/?lang=en")
    page.get_by_role("link", name="Starry").click()
    page.wait_for_url(f"{address}/eo")
    expect(page.locator("#analyse")).to_have_text(f"*{ENGLISH.analyse}", timeout=60_000)
    page.locator("#example-1").click()
    shown = page.locator("#headline .lens-head").first
    expect(shown).to_contain_text(f"*{ENGLISH.outcomes['fake'][0]}", timeout=60_000)
    expect(page.locator("#faces")).to_contain_text(f"*{ENGLISH.zones['fake']}")
    context.close()
