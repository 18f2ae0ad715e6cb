"""The command line `python -m webapp`: one module per command, each with `add_parser` and `run`. None needs the detector to start."""

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

COMMANDS = (
    *(
        "migrate",
        "create-user",
        "purge",
        "backup",
        "restore",
        "verify-audit",
        "export-labels",
        "gold",
        "measures",
    ),
    *(
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
    ),
)
FAILED = 1


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m webapp",
        description="Look after the application's database; settings as for `app.py`.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        _module(name).add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors a host can answer become one line on standard error."""
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
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return FAILED
        print("error: {}: {}".format(*_told(error)), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return status


def _nobody_reads() -> bool:
    """Whether whoever read our output (`| head`) has gone; what is left of it goes nowhere then. Another pipe may be broken instead."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


def _told(error: Exception) -> tuple[str, str]:
    """An error's code and sentence; of the database's own errors the driver's words, never the statement."""
    if isinstance(error, (Unable, Refused, LaanetError)):
        return error.code, error.message
    if isinstance(error, InvalidSetting):
        return "invalid_setting", str(error)
    if isinstance(error, UnusableDatabase):
        return "unusable_database", str(error)
    if isinstance(error, OSError):
        return "file_unavailable", f"{error.filename or 'a file'}: {error.strerror or error}"
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    return (
        "database_unavailable",
        f"the database cannot be used: {words[0] if words else type(error).__name__}",
    )


def _module(command: str):  # type: ignore[no-untyped-def]  # a module with add_parser and run
    return importlib.import_module(f"webapp.cli.{command.replace('-', '_')}")
