"""Tests of the command `verify-report`, with this installation's keys and offline."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.webapp.services.reports.signed import KEYS, signed_json, signed_pdf
from webapp.bootstrap import open_records
from webapp.cli import main
from webapp.cli.verify_report import NOT_AUTHENTIC
from webapp.settings import from_environment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LENS_DATA", str(tmp_path / "data"))
    (tmp_path / "report.json").write_bytes(signed_json())
    (tmp_path / "report.pdf").write_bytes(signed_pdf())
    (tmp_path / "altered.pdf").write_bytes(signed_pdf().replace(b"Page", b"page", 1)[:-1])
    (tmp_path / "media").write_bytes(b"the file")
    (tmp_path / "other").write_bytes(b"the File")
    (tmp_path / "keys.json").write_text(json.dumps(KEYS.public.jwk_set()))
    return tmp_path


def answer_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    status = main(["verify-report", "--json", *map(str, arguments)])
    return status, json.loads(capsys.readouterr().out)


def test_public_keys_alone_answer_offline(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the command uses the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    keys = ("--key", folder / "keys.json")
    for name in ("report.json", "report.pdf"):
        status, answer = answer_of(capsys, folder / name, *keys, "--media", folder / "media")
        assert (status, answer["authentic"], answer["media"]["matches"]) == (0, True, True)
        assert answer["receipt"] == "unknown"
        status, answer = answer_of(capsys, folder / name, *keys, "--media", folder / "other")
        assert (status, answer["authentic"], answer["media"]["matches"]) == (NOT_AUTHENTIC, True, False)
    status, answer = answer_of(capsys, folder / "altered.pdf", *keys)
    assert (status, answer["authentic"], answer["report"]) == (NOT_AUTHENTIC, False, None)
    assert not (folder / "data").exists()


def test_the_installation_answers_with_its_own_keys(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["verify-report", str(folder / "report.pdf")]) == 1
    assert "no_report_keys" in capsys.readouterr().err
    monkeypatch.setenv("LENS_REPORT_KEYS", KEYS.to_json())
    with open_records(from_environment()):
        status, answer = answer_of(capsys, folder / "report.pdf")
    assert (status, answer["finding"], answer["receipt"]) == (0, "authentic", "gone")
    assert main(["verify-report", str(folder / "report.json")]) == 0
    assert capsys.readouterr().out.startswith("authentic (authentic)\nkey ")


def test_files_that_cannot_be_read_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-report", str(folder / "none")]) == 1
    assert "file_unavailable" in capsys.readouterr().err
    assert main(["verify-report", str(folder / "report.pdf"), "--key", str(folder / "media")]) == 1
    assert "invalid_report_keys" in capsys.readouterr().err
