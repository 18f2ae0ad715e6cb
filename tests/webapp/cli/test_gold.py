"""Options of the command `gold`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["gold", "r", "--face", "2", "--answer", "fake"])
    assert (args.receipt, args.face, args.answer) == ("r", 2, "fake")


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["gold", "r", "--answer", "maybe"])
    assert end.value.code == 2
