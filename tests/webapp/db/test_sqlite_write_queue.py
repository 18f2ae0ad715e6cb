from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webapp.db.case_queries import lock_cases
from webapp.db.session import Sessions, make_sessions, open_database


@pytest.fixture
def sqlite(tmp_path: Path) -> Sessions:
    return make_sessions(open_database(f"sqlite:///{tmp_path}/queue.sqlite3"))


def test_writers_come_in_the_order_in_which_they_asked(sqlite: Sessions) -> None:
    came: list[int] = []
    first = threading.Event()

    def write(number: int) -> None:
        with sqlite.begin() as session:
            lock_cases(session)
            lock_cases(session)  # again, within its own turn
            came.append(number)
            first.set()
            time.sleep(0.2 if number == 0 else 0)

    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(write, 0)]
        first.wait()
        for number in range(1, 6):
            waiting.append(pool.submit(write, number))
            time.sleep(0.02)
        for future in waiting:
            future.result(timeout=30)
    assert came == [0, 1, 2, 3, 4, 5]


def test_a_turn_ends_however_its_transaction_does(sqlite: Sessions) -> None:
    def fail() -> None:
        with sqlite.begin() as session:
            lock_cases(session)
            raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            fail()
    session = sqlite()
    lock_cases(session)
    session.close()  # never committed
    with sqlite.begin() as other:
        lock_cases(other)
