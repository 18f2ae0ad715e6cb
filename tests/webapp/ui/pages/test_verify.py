"""Tests of the handlers of the page that checks reports; the browser test covers the page."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from tests import asynchronous
from tests.webapp.services.reports.signed import KEYS, signed_json, signed_pdf
from webapp.db.session import Sessions
from webapp.services.reports.verification import MAX_REPORT_BYTES
from webapp.services.results.verification import VerificationService
from webapp.services.storage.uploads import Uploads
from webapp.settings import Settings
from webapp.texts import LANGUAGES
from webapp.ui.pages import verify

WORDS = LANGUAGES["en"].verification


class VerifyPage:
    """Page with its handlers, over a real database and a folder of uploads."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        self.folder = folder
        verification = VerificationService(sessions, lambda: KEYS.public)
        services = SimpleNamespace(
            verification=verification, uploads=Uploads(folder), settings=Settings(data=folder)
        )

        # Without a running event loop Gradio makes loops that it never closes.
        async def build() -> gr.Blocks:
            with gr.Blocks(analytics_enabled=False) as blocks:
                verify.build(blocks, services, LANGUAGES["en"])  # type: ignore[arg-type]
            return blocks

        self._functions = {event.name: event.fn for event in asynchronous.run(build()).fns.values()}

    def upload(self, content: bytes) -> str:
        path = self.folder / "random" / "name.pdf"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def check(self, report: str | None, media: str | None = None) -> str:
        return str(self._functions["check"](report, media)[0])  # type: ignore[misc]

    def look_up(self, text: str) -> str:
        return str(self._functions["look_up"](text))  # type: ignore[misc]

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def page(sessions: Sessions, tmp_path: Path) -> VerifyPage:
    return VerifyPage(sessions, tmp_path / "cache")


@pytest.mark.parametrize("content", [signed_json(), signed_pdf()], ids=["json", "pdf"])
def test_a_report_is_checked_and_deleted(page: VerifyPage, content: bytes) -> None:
    assert WORDS.findings["authentic"][1] in page.check(page.upload(content))
    assert WORDS.findings["altered"][1] in page.check(page.upload(content[:-40] + b"x" + content[-39:]))
    assert page.files() == []


def test_other_files_get_an_answer(page: VerifyPage) -> None:
    assert WORDS.no_file in page.check(None)
    assert WORDS.findings["not_a_report"][1] in page.check(page.upload(b"text"))
    assert "20 MB" in page.check(page.upload(bytes(MAX_REPORT_BYTES + 1)))
    assert page.files() == []


def test_a_number_without_a_result_is_unknown(page: VerifyPage) -> None:
    assert WORDS.unknown_number in page.look_up(f"https://lens.example/verify#{'a' * 32}")
    assert page.look_up(" ") == ""
