"""`python -m webapp benchmark`: the real server, asked over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from webapp.cli import main
from webapp.domain.errors import Unable
from webapp.settings import from_environment as read
from webapp.settings import isolated_environment
from webapp.speed.temporary_server import temporary_server

OF_OFFLINE, LONGEST = 0.85, 4.0


def test_the_measured_server_keeps_nothing_where_others_keep_it(tmp_path: Path) -> None:
    host = {
        "LENS_DATABASE_URL": "postgresql://db/lens",
        "LENS_STORE": "s3://bucket/x",
        "LENS_BACKUPS": "/b",
        "LENS_AT_ONCE": "5",
        "PATH": "/",
    }
    environment = isolated_environment(tmp_path, port=8000, max_waiting=40, environment=host)
    settings = read(environment)
    assert environment["PATH"] == "/"
    assert (settings.host, settings.port, settings.at_once, settings.max_waiting) == (
        "127.0.0.1",
        8000,
        5,
        40,
    )
    assert all(
        str(tmp_path) in where
        for where in (settings.database, settings.media, str(settings.backups_folder), str(settings.cache))
    )
    assert settings.backup_hours == 0


def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LENS_WEIGHTS", "/nowhere")
    with pytest.raises(Unable, match="nowhere") as failed, temporary_server(max_waiting=1):
        pass
    assert failed.value.code == "no_server"


def test_it_measures_and_leaves_no_server(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LENS_RUNTIME", "eager")
    assert main(["benchmark", "--clients", "1", "3", "--rounds", "1", "--count", "6", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["runtime"]["name"] == "eager"
    assert outcome["offline"][0]["photos"] == 6
    assert [found[0]["photos"] for found in outcome["clients"].values()] == [6, 6]
    assert set(outcome["of_offline_rate"]) == {"1", "3"}
    assert outcome["peak_memory_mb"]["server"] > 100


@pytest.mark.proof
def test_many_programs_are_answered_nearly_as_fast_as_the_detector_judges(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["benchmark", "--clients", "32", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    print("\n", outcome["of_offline_rate"], outcome["clients"]["32"])
    assert outcome["of_offline_rate"]["32"]["median"] >= OF_OFFLINE
    assert max(found["longest_over_median"] for found in outcome["clients"]["32"]) < LONGEST
