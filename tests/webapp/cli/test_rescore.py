"""Options of the command `rescore`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["rescore", "--limit", "5"])
    assert args.limit == 5


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["rescore", "--limit", "-1"])
    assert end.value.code == 2
