"""Browser tests of the page for programs; its examples run as they stand on the page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.conftest import Server
from tests.e2e.conftest import PHONE, ROOMY
from webapp.texts import LANGUAGES

# Programs that run an example from standard input.
INTERPRETERS: dict[str, Sequence[str]] = {
    "curl": ("bash", "-s"),
    "python": (sys.executable, "-"),
    "javascript": ("node", "--input-type=module"),
    "gradio": (sys.executable, "-"),
}

_OVERHANG = """() => [...document.querySelectorAll(".lens-programs, .lens-programs > *, .lens-errors *")]
    .filter(element => element.getBoundingClientRect().right > innerWidth - 8)
    .map(element => element.outerHTML)"""


def printed(name: str, code: str, folder: Path) -> str:
    """Run an example in a folder and return what it prints."""
    command = INTERPRETERS[name]
    if shutil.which(command[0]) is None:
        assert not os.environ.get("CI"), f"no {command[0]} on this machine, and CI must not do without"
        pytest.skip(f"needs {command[0]}")
    run = subprocess.run(
        command, input=code, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def answer_of(name: str, code: str, folder: Path) -> tuple[str, str, str]:
    """Run an example and return verdict, probability and receipt as text; for a rejected file its code."""
    output = printed(name, code, folder)
    if name == "curl":
        answer = json.loads(output)
        if answer["error"]:
            return answer["error"]["code"], "", ""
        return answer["verdict"], str(answer["fake_prob"]), answer["receipt"]
    # gradio_client prints a line of its own first.
    verdict, *others = output.strip().splitlines()[-1].split()
    return verdict, others[0], others[1]


def test_every_example_on_the_page_runs(
    browser: Browser, server: Server, samples: Path, tmp_path: Path
) -> None:
    page = browser.new_page()
    page.goto(f"{server.url}/verify")
    page.click(".lens-footer a")
    page.wait_for_url("**/programs")
    expect(page.locator("h1")).to_have_text(LANGUAGES["en"].programs.title)
    page.wait_for_function(
        "origin => document.querySelector('pre').textContent.includes(origin)", arg=server.url
    )
    examples = {
        str(code.get_attribute("data-example")): code.inner_text() for code in page.locator("pre code").all()
    }
    page.close()
    assert set(examples) == set(INTERPRETERS)
    photo = tmp_path / "photo.jpg"
    shutil.copyfile(samples / "two_people.jpg", photo)
    with httpx.Client(base_url=f"{server.url}/api/v1", timeout=120) as rest:
        expected = rest.post("/analyse", content=photo.read_bytes()).json()
        for name, code in examples.items():
            verdict, probability, receipt = answer_of(name, code, tmp_path)
            assert (verdict, float(probability)) == (expected["verdict"], expected["fake_prob"]), name
            assert rest.get(f"/results/{receipt}").json()["verdict"] == verdict
    photo.write_bytes(b"no photo")
    for name in ("curl", "python", "javascript"):
        assert answer_of(name, examples[name], tmp_path)[0] == "unsupported_type"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_every_page_leads_to_it(
    browser: Browser, server: Server, theme: str
) -> None:
    for size in (ROOMY, PHONE):
        page = browser.new_page(viewport=size)
        for code, texts in LANGUAGES.items():
            suffix = "" if code == "en" else f"-{code}"
            page.goto(f"{server.url}/programs{suffix}?__theme={theme}")
            page.wait_for_selector(".lens-programs")
            assert page.get_by_role("heading", level=2).count() >= len(texts.programs.sections)
            # Gradio hides what is too wide for the page.
            assert page.evaluate(_OVERHANG) == []
            violations = Axe().run(page).response["violations"]
            assert [(found["id"], node["html"]) for found in violations for node in found["nodes"]] == []
            if theme == "light" and size is ROOMY:
                for place in (f"/?lang={code}" if code == "en" else f"/{code}", f"/receipt{suffix}"):
                    page.goto(f"{server.url}{place}")
                    link = page.locator(".lens-footer a")
                    expect(link).to_have_text(texts.programs.to_programs)
                    expect(link).to_have_attribute("href", f"/programs{suffix}")
        page.close()
