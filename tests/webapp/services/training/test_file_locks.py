from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.waiting import wait_for
from webapp.services.training.file_locks import is_locked, try_lock


def test_a_lock_is_exclusive_and_ends_with_its_block(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "run.lock"
    assert not is_locked(path)
    with try_lock(path) as lock:
        assert lock is not None
        assert is_locked(path)
        with try_lock(path) as second:
            assert second is None
    assert not is_locked(path)


def test_a_child_process_keeps_the_lock_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with try_lock(path) as lock:
        assert lock is not None
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock])
    try:
        assert is_locked(path)
    finally:
        child.kill()
        child.wait()
    wait_for(lambda: not is_locked(path), seconds=5)
