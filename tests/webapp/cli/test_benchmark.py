"""Options of the command `benchmark`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["benchmark", "--clients", "1", "8", "--rounds", "2"])
    assert (list(args.clients), args.rounds) == ([1, 8], 2)


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["benchmark", "--clients", "0"])
    assert end.value.code == 2
