"""Types of command-line arguments."""

from __future__ import annotations

import argparse
import re

# A century in days. The limit catches mistyped numbers before they overflow a date.
_MAX_NUMBER = 36_500


def positive(text: str) -> int:
    """Return a whole number from 1 to 36500, such as a number of days. Raises ArgumentTypeError."""
    is_number = text.isascii() and text.isdigit()
    if not is_number or not 1 <= int(text) <= _MAX_NUMBER:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {_MAX_NUMBER}")
    return int(text)


def head(text: str) -> str:
    """Return a head of the audit log, as `verify-audit` prints it. Raises ArgumentTypeError."""
    if not re.fullmatch(r"[0-9a-f]{64}", text.lower(), re.ASCII):
        raise argparse.ArgumentTypeError("must be the 64 hexadecimal digits that verify-audit printed")
    return text.lower()
