"""Tests of the command `revoke-report-key`: any key, and what every check then says of its reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.webapp.services.reports.signed import KEYS, signed_json, signed_pdf
from webapp.bootstrap import open_records
from webapp.bootstrap.report_keys import open_report_keys, published_keys
from webapp.cli import main
from webapp.cli.verify_report import NOT_AUTHENTIC
from webapp.security.signing_keys import parse_signing_keys
from webapp.settings import from_environment

KID = KEYS.public.keys[0].kid


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a host whose key signed two reports and was replaced twice since."""
    monkeypatch.setenv("LENS_DATA", str(tmp_path))
    (tmp_path / "report.json").write_bytes(signed_json())
    (tmp_path / "report.pdf").write_bytes(signed_pdf())
    settings = from_environment()
    settings.report_key_file.write_text(KEYS.to_json())
    with open_records(settings):
        open_report_keys(settings)
    for _ in range(2):
        assert main(["rotate-report-key"]) == 0
    return tmp_path


def test_an_earlier_key_is_revoked_by_its_id(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = [str(folder / name) for name in ("report.json", "report.pdf")]
    assert [main(["verify-report", report]) for report in reports] == [0, 0]
    before = published_keys(from_environment()).keys
    capsys.readouterr()
    assert main(["revoke-report-key", "--json", "--", KID]) == 0
    output = capsys.readouterr().out
    assert '"d"' not in output
    assert [key["kid"] for key in json.loads(output)["earlier"] if "revoked" in key] == [KID]
    keys = published_keys(from_environment())
    # No other key is touched, and the present one goes on signing.
    assert [key.status for key in keys.keys] == ["current", "retired", "revoked"]
    assert keys.keys[:2] == before[:2]
    published = folder / "keys.json"
    published.write_text(json.dumps(keys.jwk_set()))
    for report in reports:
        for command in (["verify-report", report], ["verify-report", report, "--key", str(published)]):
            capsys.readouterr()
            assert main(command) == NOT_AUTHENTIC
            lines = capsys.readouterr().out.splitlines()
            assert lines[:2] == ["NOT authentic (revoked_key)", f"key {KID}: revoked"]


def test_the_time_of_a_revocation_stays(folder: Path) -> None:
    assert main(["revoke-report-key", "--", KID]) == 0
    first = published_keys(from_environment())
    assert main(["revoke-report-key", "--", KID]) == 0
    assert published_keys(from_environment()) == first


def test_the_present_key_is_replaced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    present = published_keys(from_environment()).keys[0]
    capsys.readouterr()
    assert main(["revoke-report-key", "--", present.kid]) == 0
    keys = published_keys(from_environment()).keys
    assert [key.status for key in keys] == ["current", "revoked", "retired", "retired"]
    assert keys[1].kid == present.kid
    assert keys[0].kid in capsys.readouterr().out


def test_an_unknown_key_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = published_keys(from_environment())
    assert main(["revoke-report-key", "x" * 43]) == 1
    assert "unknown_key" in capsys.readouterr().err
    assert published_keys(from_environment()) == before


def test_keys_of_the_variable_are_printed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LENS_REPORT_KEYS", (folder / "report-keys.json").read_text())
    assert main(["revoke-report-key", "--", KID]) == 1
    assert "keys_in_setting" in capsys.readouterr().err
    assert main(["revoke-report-key", "--print-secret", "--", KID]) == 0
    printed = parse_signing_keys(capsys.readouterr().out)
    assert [key.status for key in printed.public.keys] == ["current", "retired", "revoked"]
    assert [key.status for key in published_keys(from_environment()).keys] == [
        "current",
        "retired",
        "retired",
    ]
