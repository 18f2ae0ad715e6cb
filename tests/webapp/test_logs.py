from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from webapp.logs import JsonLines, Scrubber, TextLines
from webapp.security.tokens import new_receipt
from webapp.settings import Settings

SETTINGS = Settings(cache=Path("/srv/uploads"), data=Path("/srv/data"))


def record(message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    caught = None
    if error is not None:
        try:
            raise error
        except Exception:  # noqa: BLE001 - to have a traceback
            caught = sys.exc_info()
    return logging.LogRecord("webapp.x", logging.ERROR, __file__, 1, message, arguments, caught)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("no result under {receipt}", "no result under <token>"),
        ("cannot open '/srv/uploads/ab/Erika Mustermann.jpg' now", "cannot open '<file>' now"),
        ("from 203.0.113.7:5000", "from <address>:5000"),
        ("from 2001:db8::8a2e:370:7334", "from <address>"),
        ("from ::ffff:0:1", "from <address>"),
        (
            "it took 12:30:45 with gradio 6.31.0 and sha256 " + "ab" * 32,
            "it took 12:30:45 with gradio 6.31.0 and sha256 " + "ab" * 32,
        ),
        ("kept /srv/data/lens.sqlite3", "kept /srv/data/lens.sqlite3"),
    ],
)
def test_nothing_is_said_of_a_visitor(said: str, left: str) -> None:
    receipt = new_receipt()
    assert Scrubber(SETTINGS)(said.format(receipt=receipt)) == left
    for lines in (TextLines, JsonLines):
        line = lines(Scrubber(SETTINGS)).format(
            record("%s", said.format(receipt=receipt), error=OSError(said.format(receipt=receipt)))
        )
        assert not any(secret in line for secret in (receipt, "Mustermann", "203.0.113.7", "8a2e"))


def test_a_line_is_an_object_that_says_what_and_where() -> None:
    line = json.loads(
        JsonLines(Scrubber(SETTINGS)).format(
            record("it\nfailed %d times", 3, error=ValueError("no such number"))
        )
    )
    assert (line["level"], line["logger"], line["message"]) == ("ERROR", "webapp.x", "it\nfailed 3 times")
    assert line["time"].endswith("+00:00")
    assert line["error"] == "ValueError: no such number"
    assert line["trace"].startswith("test_logs.py:")
    assert "error" not in json.loads(JsonLines(Scrubber(SETTINGS)).format(record("well")))
