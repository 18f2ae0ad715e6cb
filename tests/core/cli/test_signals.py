"""Tests of ending a command by signals, in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from laanet_core.cli.signals import ended_by_signals
from tests.conftest import ROOT

# A signal that is not caught would end the process of the tests, so each test has a process of its own.
RAISES_SIGNAL = """
import signal, sys
from laanet_core.cli.signals import ended_by_signals

number = int(sys.argv[1])
try:
    with ended_by_signals():
        try:
            signal.raise_signal(number)
        finally:
            print("cleaned up")
finally:
    print(signal.getsignal(number) == signal.SIG_DFL)
"""
KEEPS_HANDLER = """
import signal
from laanet_core.cli.signals import ended_by_signals

signal.signal(signal.SIGTERM, lambda number, _: print("received", number))
with ended_by_signals():
    signal.raise_signal(signal.SIGTERM)
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_block_with_the_status_of_a_shell(number: signal.Signals) -> None:
    ended = run(RAISES_SIGNAL, str(int(number)))
    assert ended.stdout.splitlines() == ["cleaned up", "True"]
    assert ended.returncode == 128 + number


def test_existing_handlers_are_left_alone() -> None:
    ended = run(KEEPS_HANDLER)
    assert ended.stdout.splitlines() == [f"received {int(signal.SIGTERM)}"]
    assert ended.returncode == 0


def test_other_threads_set_no_handlers() -> None:
    errors: list[BaseException] = []

    def enter() -> None:
        try:
            with ended_by_signals():
                pass
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert errors == []
