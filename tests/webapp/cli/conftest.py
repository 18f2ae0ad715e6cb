"""An installation with an admin and a candidate, for the commands about the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.model_versions import add_accounts, register_candidate
from webapp.bootstrap import open_records, versions_of
from webapp.cli import main
from webapp.services.model_registry.versions import VersionService
from webapp.settings import from_environment


@dataclass
class Installation:
    """An installation in the environment of this process. The candidate `ft-1` has passed the gate."""

    versions: VersionService
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command in this process. Return exit status, output and error output."""
        self.capture.readouterr()
        status = main(arguments)
        captured = self.capture.readouterr()
        return status, captured.out, captured.err


@pytest.fixture
def installation(
    tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Installation]:
    monkeypatch.setenv("LENS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LENS_WEIGHTS", str(tiny_weights))
    monkeypatch.setenv("LENS_DEVICE", "cpu")
    settings = from_environment()
    with open_records(settings) as records:
        add_accounts(records.sessions)
        versions = versions_of(records, settings)
        register_candidate(versions, tmp_path, "ft-1", 5)
        yield Installation(versions, capsys)
