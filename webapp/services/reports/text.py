"""Fonts of a report, and text that never acts as markup."""

from __future__ import annotations

import itertools
import threading
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import escape

from reportlab.lib import textsplit
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph
from reportlab.platypus import paragraph as paragraphs

from laanet_core.results import Verdict

SANS = "LensSans"
BOLD = "LensSans-Bold"
_CHINESE = "LensChinese"
# Package that contains the font WenQuanYi Micro Hei, whose licence allows embedding
_CHINESE_PACKAGE = "paperang_p2_fonts_cjk"
# Fonts of matplotlib, whose licence allows embedding
_FILES = {SANS: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
# Punctuation that must not begin a line; reportlab's list lacks these Chinese marks
_NEVER_FIRST = "，；：！？》〉”’…%"
# Longest text in characters, because a table cell must fit on a page
_LONGEST = 600

# Colours of text, secondary text, lines and backgrounds
INK = HexColor("#1b2430")
MUTED = HexColor("#566270")
RULE = HexColor("#d3d9e0")
WASH = HexColor("#f4f6f8")
COLOURS: dict[Verdict | None, Color] = {
    "fake": HexColor("#b93400"),
    "real": HexColor("#00735a"),
    "inconclusive": HexColor("#8a5a00"),
    None: HexColor("#55606e"),
}

_registering = threading.Lock()
# Code points of each embedded font
_covered: dict[str, frozenset[int]] = {}


def hex_code(colour: Color) -> str:
    """Return a colour as "#rrggbb"."""
    return f"#{colour.hexval()[2:]}"


def chinese_font_file() -> Path:
    """Return the file of the Chinese font, a collection whose first font is used."""
    # The package has nothing but the file and an empty module.
    return Path(str(files(_CHINESE_PACKAGE) / "fonts" / "wqy-microhei.ttc"))


def register_fonts() -> None:
    """Register all fonts with reportlab, once per process. Call this before text is measured or drawn."""
    with _registering:
        if _covered:
            return
        _register(_CHINESE, chinese_font_file())
        # reportlab breaks lines of one font in `textsplit`, and lines of several fonts in `paragraphs`
        for module in (textsplit, paragraphs):
            module.ALL_CANNOT_START += _NEVER_FIRST  # type: ignore[attr-defined]  # missing in the stubs
        for name, file in _FILES.items():
            _register(name, _font_folder() / file)


def _font_folder() -> Path:
    from matplotlib import get_data_path

    return Path(get_data_path()) / "fonts" / "ttf"


def _register(name: str, file: Path) -> None:
    font = TTFont(name, file)
    pdfmetrics.registerFont(font)
    _covered[name] = frozenset(font.face.charToGlyph)


def runs(text: str, font: str) -> Iterator[tuple[str, str]]:
    """Yield (font, letters) for each run of one font. The Chinese font has the letters that `font` lacks.

    A letter that no font has, that is invisible or that reverses the direction of writing becomes [U+0000].
    Very long text is cut.
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
        if ord(letter) in _covered[_CHINESE]:
            return _CHINESE, letter
    return font, f"[U+{ord(letter):04X}]"


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
    """Return the look of a paragraph.

    `size`, `before` and `after` are in points, `leading` in multiples of `size`.
    """
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
    """Return text as a paragraph. Markup in the text is escaped."""
    pieces = list(runs(text, look.fontName))
    markup = "".join(_markup(letters, font, look.fontName) for font, letters in pieces)
    # Chinese has no spaces at which to break lines
    if any(font == _CHINESE for font, _ in pieces):
        look = ParagraphStyle(f"{look.name}-chinese", parent=look, wordWrap="CJK")
    return Paragraph(markup, look, bulletText=bullet)


def _markup(letters: str, font: str, usual_font: str) -> str:
    """Return escaped letters, inside a `font` element if `font` is not the paragraph's usual one."""
    if font == usual_font:
        return escape(letters)
    element = Element("font", name=font)
    element.text = letters
    return tostring(element, encoding="unicode")


def text_width(text: str, font: str, size: float) -> float:
    """Return the width of one line in points."""
    return sum(pdfmetrics.stringWidth(letters, chosen, size) for chosen, letters in runs(text, font))


def draw_text(
    canvas: Canvas, x: float, y: float, text: str, *, font: str = SANS, size: float = 7, align: float = 0
) -> None:
    """Draw one line; with `align` 0 it begins at x, with 0.5 it is centred on x, with 1 it ends at x."""
    x -= align * text_width(text, font, size)
    for chosen, letters in runs(text, font):
        canvas.setFont(chosen, size)
        canvas.drawString(x, y, letters)
        x += pdfmetrics.stringWidth(letters, chosen, size)
