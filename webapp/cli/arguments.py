"""Types of command-line arguments."""

from __future__ import annotations

import argparse
import re


def positive(text: str) -> int:
    """A whole number from 1 on, of days."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 36_500:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 36500")
    return int(text)


def head(text: str) -> str:
    """A head of the audit log as `verify-audit` prints it."""
    if not re.fullmatch(r"[0-9a-f]{64}", text.lower(), re.ASCII):
        raise argparse.ArgumentTypeError("must be the 64 hexadecimal digits that verify-audit printed")
    return text.lower()
