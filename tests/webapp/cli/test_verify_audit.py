"""Options of the command `verify-audit`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(
        ["verify-audit", "--head", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
    )
    assert args.head == "a" * 64


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["verify-audit", "x"])
    assert end.value.code == 2
