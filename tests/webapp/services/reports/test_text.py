"""Tests of fonts, and of text from files and models, which must stay text."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json

import pypdf
import pytest

from laanet_core.results import ErrorInfo, ModelInfo
from tests.webapp.sample_results import PHOTO
from tests.webapp.services.reports.pdf import GREY, REJECTED, report_on, text_of
from webapp.services.reports.service import report_json, report_pdf
from webapp.services.reports.text import BODY, BOLD, SANS, chinese_font_file, paragraph, register_fonts, runs
from webapp.texts import LANGUAGES

CHINESE = LANGUAGES["zh"]
FOREIGN = (
    "</para><para><b>bold</b>",
    "<img src='https://example.org/x.png'/>",
    "<font color='[[].__class__]'>x</font>",
    "&lt;script&gt; &amp; &#0; &nbsp;",
    "{0.__class__} {number} %s %(x)d",
    "汉字和漢字 Ωмега ﬁ naïve",
)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_foreign_text_stays_text(foreign: str) -> None:
    model, error = ModelInfo(foreign, foreign, foreign), ErrorInfo(foreign, foreign)
    report = report_on(dataclasses.replace(REJECTED, model=model, error=error), notice=foreign)
    report = dataclasses.replace(report, media_sha256=foreign)
    assert text_of(report_pdf(report)).count(" ".join(foreign.split())) >= 6
    assert report_json(report)["error"] == {"code": foreign, "message": foreign}


def test_invisible_characters_are_spelt_out_and_long_text_is_cut() -> None:
    error = ErrorInfo("a\x00b\u202ec\ud800d\u200b", "ß" * 100_000)
    text = text_of(report_pdf(report_on(dataclasses.replace(REJECTED, error=error))))
    assert "Code: a[U+0000]b[U+202E]c[U+D800]d[U+200B]" in text
    assert text.count("ß") == 600
    bell = "\x07" * 9999
    result = dataclasses.replace(REJECTED, model=ModelInfo(bell, bell, bell), error=ErrorInfo(bell, bell))
    assert "[U+0007]…" in text_of(report_pdf(report_on(result, notice=bell))).replace(" ", "")


def test_the_chinese_font_is_that_of_the_wenquanyi_project() -> None:
    """The file has the digest of Debian's package fonts-wqy-microhei 0.2.0-beta."""
    digest = hashlib.sha256(chinese_font_file().read_bytes()).hexdigest()
    assert digest == "2420e8078af796b19a3f6ef13de527a1a91c1e7171eea115926c614ced1009b3"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_letter_of_the_texts_has_a_glyph(code: str) -> None:
    """Not only reports are checked: any sentence may come into one."""
    register_fonts()
    text = json.dumps(dataclasses.asdict(LANGUAGES[code]), ensure_ascii=False, default=str)
    letters = "".join(sorted({letter for letter in text if not letter.isspace()}))
    assert len(letters) > 60
    for font in (SANS, BOLD):
        # Very long text is cut.
        parts = [letters[start : start + 500] for start in range(0, len(letters), 500)]
        shown = "".join(run for part in parts for _, run in runs(part, font))
        assert shown == letters


def test_every_font_is_embedded() -> None:
    """A reader without Chinese fonts shows a Chinese report."""
    pages = pypdf.PdfReader(io.BytesIO(report_pdf(report_on(PHOTO, texts=CHINESE), GREY))).pages
    resources = [page["/Resources"]["/Font"] for page in pages]  # type: ignore[index]
    fonts = [font.get_object() for fonts in resources for font in fonts.values()]
    # reportlab names Helvetica on every page without using it
    used = [font for font in fonts if font["/BaseFont"] != "/Helvetica"]
    assert len(used) >= 3
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


def test_chinese_punctuation_never_begins_a_line() -> None:
    text = text_of(report_pdf(report_on(PHOTO, texts=CHINESE), GREY))
    assert f"{CHINESE.report.kinds['image']}，100 × 80" in text
    assert f"第 1 张脸：{CHINESE.verdicts['fake']}，0.8765" in text
    register_fonts()
    for count in range(20, 60):
        for first in ("", "sha256 "):
            broken = paragraph(f"{first}{'字' * count}；{'字' * 30}", BODY)
            broken.wrap(400, 800)
            lines = [
                line[1][0] if isinstance(line, tuple) else "".join(word.text for word in line.words)
                for line in broken.blPara.lines
            ]
            assert len(lines) > 1
            assert not any(line.startswith("；") for line in lines)
