from __future__ import annotations

import signal
import threading

import pytest

from laanet_core.cli.signals import ended_by_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_block_with_the_status_of_a_shell(number: signal.Signals) -> None:
    cleaned_up: list[bool] = []

    def work() -> None:
        with ended_by_signals():
            try:
                signal.raise_signal(number)
            finally:
                cleaned_up.append(True)

    with pytest.raises(SystemExit) as ended:
        work()
    assert ended.value.code == 128 + number
    assert cleaned_up
    assert signal.getsignal(number) == signal.SIG_DFL


def test_existing_handlers_are_left_alone() -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        with ended_by_signals():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [signal.SIGTERM]


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
