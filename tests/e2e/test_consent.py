"""Browser tests of consent: keep the file, see it on the receipt page, download and delete it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from laanet_core.media.images import read_image
from tests.conftest import Server
from tests.e2e.conftest import Visit
from webapp.texts import LANGUAGES

ENGLISH = LANGUAGES["en"]


def link_of(visit: Visit) -> str:
    link: str = visit.page.locator("#link input, #link textarea").first.input_value()
    return link


def kept_files(server: Server) -> list[Path]:
    return list((server.database.parent / "media").glob("*"))


def test_without_consent_nothing_is_kept(visit: Visit, samples: Path, server: Server) -> None:
    page, before = visit.page, kept_files(server)
    box = page.get_by_label("I agree that this file is kept")
    expect(box).not_to_be_checked()
    expect(page.locator(".lens-help", has_text="We keep the scores, your votes, hashes")).to_be_visible()
    visit.analyse(samples / "two_people.jpg")
    expect(page.locator("#kept")).to_have_text("")
    page.goto(link_of(visit))
    expect(page.locator("#stored-result")).to_contain_text(ENGLISH.file_not_kept, timeout=30_000)
    assert kept_files(server) == before


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_with_consent_the_file_is_kept_until_it_is_deleted(
    visit: Visit, samples: Path, server: Server, language: str
) -> None:
    page, before, texts = visit.page, kept_files(server), LANGUAGES[language]
    visit.open(place="/" if language == "en" else f"/{language}")
    page.get_by_label(texts.consent).check()
    visit.analyse(samples / "two_people.jpg")
    expect(page.locator("#kept")).to_contain_text(texts.file_storage["kept"])
    page.goto(link_of(visit))
    expect(page.locator("#stored-result")).to_contain_text(
        texts.file_kept.split("{time}")[0].strip(), timeout=30_000
    )
    assert len(kept_files(server)) == len(before) + 1
    with page.expect_download() as download:
        page.get_by_role("link", name=texts.export).click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert np.array_equal(read_image(archive.read("media.jpg")), read_image(samples / "two_people.jpg"))
    grave = [
        found["id"]
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
    ]
    assert grave == []
    page.click("#delete")
    page.click("#delete-sure")
    expect(page.locator("#stored-result")).to_contain_text(texts.deleted)
    expect(page.locator("#export a")).to_have_count(0)
    assert kept_files(server) == before
    assert visit.complaints == []
    assert visit.foreign == []
