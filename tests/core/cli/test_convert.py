from __future__ import annotations

from pathlib import Path

import pytest

from laanet_core.cli import main


def test_a_missing_checkpoint_is_refused_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", str(tmp_path / "none.pth"), str(tmp_path / "out"), "--json"]) == 1
    assert "error: invalid_weights: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
