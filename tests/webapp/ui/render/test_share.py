"""QR code of a link."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from webapp.texts import LANGUAGES
from webapp.ui.render.qr_code import qr_code
from webapp.ui.render.share import share

LINK = "https://lens.example/receipt-zh#Abc_-123456789012345678901234567890123456789012"


def test_a_reader_finds_the_link_in_the_code() -> None:
    content = base64.b64decode(qr_code(LINK).removeprefix("data:image/png;base64,"))
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == LINK


def test_a_result_without_a_link_is_not_shared() -> None:
    assert share("", LANGUAGES["en"]) == ""
    assert LANGUAGES["en"].device.qr_code in share(LINK, LANGUAGES["en"])
