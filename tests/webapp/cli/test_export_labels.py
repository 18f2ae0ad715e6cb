"""Options of the command `export-labels`."""

from __future__ import annotations

import pytest

from webapp.cli import build_parser


def test_options_are_parsed() -> None:
    args = build_parser().parse_args(["export-labels", "--format", "csv", "out"])
    assert (args.format, args.out.name) == ("csv", "out")


def test_invalid_options_are_refused() -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["export-labels", "--format", "xml", "out"])
    assert end.value.code == 2
