"""Tests of the sentences about label quality."""

from __future__ import annotations

from webapp.texts.measures import ENGLISH


def test_templates_accept_their_values() -> None:
    assert ENGLISH.share.format(hits=3, count=4, share="75 %") == "3 of 4: 75 %"
    assert ENGLISH.interval.format(low="0.1", high="0.9") == "0.1 to 0.9"
    assert "30" in ENGLISH.agreement_help.format(fewest=30)
