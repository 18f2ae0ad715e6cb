"""Tests of the command `rotate-report-key`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from webapp.bootstrap import open_records
from webapp.bootstrap.report_keys import open_report_keys, published_keys
from webapp.cli import main
from webapp.security.signing_keys import parse_signing_keys
from webapp.settings import from_environment


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LENS_DATA", str(tmp_path))
    with open_records(from_environment()):
        open_report_keys(from_environment())
    return tmp_path


def test_the_key_is_replaced_and_no_secret_printed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = published_keys(from_environment()).keys[0]
    assert main(["rotate-report-key", "--json"]) == 0
    output = capsys.readouterr().out
    keys = published_keys(from_environment()).keys
    outcome = json.loads(output)
    assert (outcome["kid"], outcome["earlier"][0]["kid"]) == (keys[0].kid, before.kid)
    assert "exp" in outcome["earlier"][0]
    assert '"d"' not in output
    assert main(["rotate-report-key", "--revoke"]) == 0
    assert "no longer authentic" in capsys.readouterr().out
    assert published_keys(from_environment()).keys[1].status == "revoked"


def test_a_printed_set_fits_the_variable(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published_keys(from_environment())
    assert main(["rotate-report-key", "--print-secret"]) == 0
    printed = capsys.readouterr().out
    assert published_keys(from_environment()) == before
    monkeypatch.setenv("LENS_REPORT_KEYS", printed)
    assert published_keys(from_environment()) == parse_signing_keys(printed).public
    assert main(["rotate-report-key"]) == 1
    assert "keys_in_setting" in capsys.readouterr().err
