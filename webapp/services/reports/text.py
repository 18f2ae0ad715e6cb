"""Letters that can be trusted: embedded fonts, and text from anywhere as text and nothing else."""

from __future__ import annotations

import itertools
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import textsplit
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph
from reportlab.platypus import paragraph as paragraphs

from laanet_core.results import Verdict

SANS, BOLD = "LensSans", "LensSans-Bold"
_CHINESE, _CHINESE_OF_THE_READER = "LensChinese", "STSong-Light"
_CHINESE_FILES = [
    Path("/usr/share/fonts/truetype") / file
    for file in ("droid/DroidSansFallbackFull.ttf", "wqy/wqy-zenhei.ttc")
]  # Debian's
_FILES = {
    SANS: "DejaVuSans.ttf",
    BOLD: "DejaVuSans-Bold.ttf",
}  # matplotlib brings them; their licence lets them be embedded
_NEVER_FIRST = "，；：！？》〉”’…%"  # on a line; reportlab's own list has not all of Chinese
_LONGEST = 600  # characters of one text; a table's cell must fit on a page

INK, MUTED, RULE, WASH = HexColor("#1b2430"), HexColor("#566270"), HexColor("#d3d9e0"), HexColor("#f4f6f8")
COLOURS: dict[Verdict | None, Color] = {
    "fake": HexColor("#b93400"),
    "real": HexColor("#00735a"),
    "inconclusive": HexColor("#8a5a00"),
    None: HexColor("#55606e"),
}

_registering = threading.Lock()
_covered: dict[str, frozenset[int]] = {}  # of each embedded font


def register_fonts() -> None:
    """Make the fonts known to reportlab, once in a process; called before anything is set."""
    from matplotlib import get_data_path

    with _registering:
        if _covered:
            return
        folder = Path(get_data_path()) / "fonts" / "ttf"
        _register_chinese()
        for breaking in (
            textsplit,
            paragraphs,
        ):  # text of one font is broken by the one, of several by the other
            breaking.ALL_CANNOT_START += _NEVER_FIRST  # type: ignore[attr-defined]  # left out of the stubs
        for name, file in _FILES.items():
            font = TTFont(name, folder / file)
            pdfmetrics.registerFont(font)
            _covered[name] = frozenset(font.face.charToGlyph)


def _register_chinese() -> None:
    """One that can be embedded where the system has one; else that of the reader, which not every reader has."""
    file = next((file for file in _CHINESE_FILES if file.exists()), None)
    if file is None:
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE_OF_THE_READER))
        return
    font = TTFont(_CHINESE, file)
    pdfmetrics.registerFont(font)
    _covered[_CHINESE] = frozenset(font.face.charToGlyph)


def _chinese_font(letter: str) -> str | None:
    """The font that has a letter which the others lack; None where it has not."""
    if _CHINESE in _covered:
        return _CHINESE if ord(letter) in _covered[_CHINESE] else None
    return _CHINESE_OF_THE_READER if _is_chinese(letter) else None


def runs(text: str, font: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with the font that has its letters: `font`, or the Chinese one.

    What neither can show, what would be invisible and what would turn the direction of writing is spelt [U+0000]; very long text is cut.
    """
    for chosen, group in itertools.groupby(_letters(text, font), key=lambda pair: pair[0]):
        yield chosen, "".join(letters for _, letters in group)


def _letters(text: str, font: str) -> Iterator[tuple[str, str]]:
    length = 0
    for letter in text:
        chosen, shown = _letter(letter, font)
        length += len(shown)
        if length > _LONGEST:
            yield font, "…"
            return
        yield chosen, shown


def _letter(letter: str, font: str) -> tuple[str, str]:
    if letter.isspace():
        return font, " "
    if not unicodedata.category(letter).startswith("C"):
        if ord(letter) in _covered[font]:
            return font, letter
        if (chinese := _chinese_font(letter)) is not None:
            return chinese, letter
    return font, f"[U+{ord(letter):04X}]"


def _is_chinese(letter: str) -> bool:
    try:
        return len(letter.encode("gbk")) == 2
    except UnicodeEncodeError:
        return False


def style(
    name: str,
    size: float,
    *,
    font: str = SANS,
    colour: Color = INK,
    leading: float = 1.4,
    before: float = 0,
    after: float = 0,
) -> ParagraphStyle:
    """A paragraph's look; `size`, `before` and `after` in points, `leading` in sizes."""
    return ParagraphStyle(
        name,
        fontName=font,
        fontSize=size,
        leading=leading * size,
        textColor=colour,
        spaceBefore=before,
        spaceAfter=after,
        splitLongWords=1,
    )


TITLE = style("title", 20, font=BOLD, leading=1.2, after=8)
BRAND = style("brand", 8.5, colour=MUTED)
SENTENCE = style("sentence", 14, font=BOLD, leading=1.3)
BODY = style("body", 9.5)
SMALL = style("small", 8)
NOTE = style("note", 8, colour=MUTED)
HEADING = style("heading", 12, font=BOLD, before=14, after=5)
HEAD = style("head", 8, font=BOLD)


def paragraph(text: str, look: ParagraphStyle, *, bullet: str | None = None) -> Paragraph:
    """Text as a paragraph; nothing in it is markup."""
    pieces = list(runs(text, look.fontName))
    markup = "".join(
        escape(letters) if font == look.fontName else f'<font name="{font}">{escape(letters)}</font>'
        for font, letters in pieces
    )
    if any(font in (_CHINESE, _CHINESE_OF_THE_READER) for font, _ in pieces):  # no spaces to break lines at
        look = ParagraphStyle(f"{look.name}-chinese", parent=look, wordWrap="CJK")
    return Paragraph(markup, look, bulletText=bullet)


def text_width(text: str, font: str, size: float) -> float:
    return sum(pdfmetrics.stringWidth(letters, chosen, size) for chosen, letters in runs(text, font))


def draw_text(
    canvas: Canvas, x: float, y: float, text: str, *, font: str = SANS, size: float = 7, align: float = 0
) -> None:
    """One line on the canvas; `align` 0 begins at x, 0.5 centres on it, 1 ends there."""
    x -= align * text_width(text, font, size)
    for chosen, letters in runs(text, font):
        canvas.setFont(chosen, size)
        canvas.drawString(x, y, letters)
        x += pdfmetrics.stringWidth(letters, chosen, size)
