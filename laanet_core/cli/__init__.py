"""Command line `python -m laanet_core`: one module per command, each with `add_parser` and `run`."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from laanet_core.cli.signals import ended_by_signals
from laanet_core.errors import LaanetError

COMMANDS = (
    "predict",
    "convert",
    "train",
    "autoencoder",
    "export",
    "prepare",
    "evaluate",
    "calibrate",
    "benchmark",
)

# Exit status after an error, and after Ctrl-C as shells report it.
FAILED = 1
INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m laanet_core", description="Detect manipulated faces with LAA-Net."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"laanet_core.cli.{name}").add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status. A LaanetError becomes one line on standard error."""
    args = build_parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may hold characters that the terminal cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with ended_by_signals():
            status: int = importlib.import_module(f"laanet_core.cli.{args.command}").run(args)
    except LaanetError as error:
        print(f"error: {error.code}: {error.message}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader closed the pipe, as `head` does. Python would fail again when it flushes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    return status
