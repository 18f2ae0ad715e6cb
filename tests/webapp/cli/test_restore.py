"""Options of the command `restore`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["restore", "latest"])
    assert args.command == "restore"


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["restore", "a", "b"])
    assert end.value.code == 2
