"""Options of the command `purge`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["purge", "--days", "90"])
    assert args.days == 90


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["purge", "--days", "0"])
    assert end.value.code == 2
