"""Options of the command `measures`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["measures", "--json"])
    assert args.json


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["measures", "x"])
    assert end.value.code == 2
