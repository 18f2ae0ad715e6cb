"""Command `import-cases`: options, errors, and an import beside a server that is killed and resumed."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from tests.conftest import served
from tests.import_files import Installation, write_bad_files, write_photos
from tests.waiting import wait_for
from webapp.cli import build_parser, main
from webapp.domain.enums import ImportRule

PHOTOS, BAD_FILES = 36, 4


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["import-cases", "photos", "--source", "Commons", "--rights", "CC0"])
    assert (args.open, args.report) == (ImportRule.ALL, Path("import-report.jsonl"))
    args = build_parser().parse_args(["import-cases", "s3://bucket/photos", "--open", "fake"])
    assert args.open == ImportRule.FAKE


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["import-cases", "photos", "--open", "real"])
    assert end.value.code == 2


def test_a_missing_folder_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LENS_DATA", str(tmp_path))
    report = tmp_path / "report.jsonl"
    assert main(["import-cases", str(tmp_path / "none"), "--report", str(report)]) == 1
    assert capsys.readouterr().err.startswith("error: no_source: ")
    assert not report.exists()


def test_an_import_lets_visitors_go_first_and_survives_a_kill(
    tmp_path: Path, tiny_weights: Path, samples: Path
) -> None:
    write_photos(tmp_path / "photos", samples, PHOTOS)
    write_bad_files(tmp_path / "photos", samples, BAD_FILES)
    installation = Installation.create(tmp_path, tiny_weights)
    with served(tmp_path, LENS_WEIGHTS=str(tiny_weights)) as server:
        process = installation.start_import()
        wait_for(lambda: process.poll() is not None or installation.rows(), seconds=300)
        server_niceness = os.getpriority(os.PRIO_PROCESS, os.getpid())
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(server_niceness + 10, 19)
        picture = (samples / "astronaut.png").read_bytes()
        answer = httpx.post(f"{server.url}/api/v1/analyse", files={"file": ("a.png", picture)}, timeout=120)
        assert answer.json()["outcome"] == "verdict"
        # The visitor did not wait for the end of the import.
        assert process.poll() is None
        assert len(installation.rows()) < PHOTOS + BAD_FILES
        installation.interrupt_after(process, 8)
    status, summary = installation.complete_import()
    assert (status, summary["refused"]) == (2, BAD_FILES)
    assert summary["known"] >= 8 - BAD_FILES
    assert summary["imported"] + summary["known"] == PHOTOS
    installation.assert_complete(PHOTOS, BAD_FILES)
