"""Types of command-line arguments."""

from __future__ import annotations

import argparse

import pytest

from webapp.cli.arguments import positive


def test_positive_numbers() -> None:
    assert positive("7") == 7


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", ""])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises((argparse.ArgumentTypeError, ValueError)):
        positive(text)
