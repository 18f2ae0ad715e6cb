"""Command line `python -m webapp`: one module per command, with `add_parser` and `run`.

Each module imports what its command needs inside `run`, so `--help` appears without loading the detector.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from laanet_core.cli.signals import ended_by_signals
from laanet_core.errors import LaanetError
from webapp.domain.errors import Refused, Unable, UnusableDatabase
from webapp.settings import InvalidSetting, from_environment

# In the order of `--help`.
COMMANDS = (
    "migrate",
    "create-user",
    "purge",
    "backup",
    "restore",
    "verify-audit",
    "verify-report",
    "rotate-report-key",
    "revoke-report-key",
    "import-cases",
    "export-labels",
    "gold",
    "measures",
    "snapshot",
    "finetune",
    "gate",
    "promote",
    "rollback",
    "rescore",
    "push",
    "poison-drill",
    "learning-proof",
    "benchmark",
)
# Exit statuses. A shell reports 128 + 2 for a program that SIGINT ended.
FAILED = 1
INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m webapp",
        description="Administer the application and its database. The settings are those of `app.py`.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        _module(name).add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status. Expected errors become one line on standard error."""
    from sqlalchemy.exc import SQLAlchemyError

    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    args = build_parser().parse_args(arguments)
    try:
        with ended_by_signals():
            status: int = _module(args.command).run(args, from_environment())
            sys.stdout.flush()
    except (
        InvalidSetting,
        UnusableDatabase,
        Unable,
        Refused,
        LaanetError,
        SQLAlchemyError,
        OSError,
    ) as error:
        if isinstance(error, BrokenPipeError) and _is_output_closed():
            return FAILED
        code, message = _code_and_message(error)
        print(f"error: {code}: {message}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    return status


def _is_output_closed() -> bool:
    """Return True if the reader of standard output, such as `head`, has ended; then discard further output.

    False means that another pipe of the command is broken.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Otherwise Python would flush standard output at exit and print a second error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _code_and_message(error: Exception) -> tuple[str, str]:
    """Return code and message of an error. Database errors have the driver's message, never the statement."""
    if isinstance(error, (Unable, Refused, LaanetError)):
        return error.code, error.message
    if isinstance(error, InvalidSetting):
        return "invalid_setting", str(error)
    if isinstance(error, UnusableDatabase):
        return "unusable_database", str(error)
    if isinstance(error, OSError):
        return "file_unavailable", f"{error.filename or 'a file'}: {error.strerror or error}"
    driver_error = getattr(error, "orig", None) or error
    lines = str(driver_error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    return "database_unavailable", f"the database cannot be used: {reason}"


# A module has no static type for `add_parser` and `run`.
def _module(command: str):  # type: ignore[no-untyped-def]
    return importlib.import_module(f"webapp.cli.{command.replace('-', '_')}")
