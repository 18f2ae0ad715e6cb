"""Sentences about the connection and the results on this device."""

from __future__ import annotations

import dataclasses
import re

from tests.conftest import ROOT
from webapp.texts import LANGUAGES
from webapp.texts.device import DeviceTexts


def test_every_sentence_is_used() -> None:
    folder = ROOT / "webapp" / "ui"
    files = [path for path in folder.rglob("*.*") if path.suffix in (".py", ".jinja", ".js")]
    used = set(re.findall(r"\.(\w+)", "\n".join(path.read_text(encoding="utf-8") for path in files)))
    assert {field.name for field in dataclasses.fields(DeviceTexts)} - used == set()


def test_the_list_says_that_it_stays_on_the_device() -> None:
    assert "stay on this device" in LANGUAGES["en"].device.help
