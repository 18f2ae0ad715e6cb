from __future__ import annotations

from pathlib import Path

import pytest

from tests.waiting import wait_for
from webapp.services.training.file_locks import is_locked, try_lock
from webapp.services.training.subprocesses import start_detached, start_session, stop_session

# A leader that ignores SIGTERM, with a child of its own
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_output_is_appended_to_the_file(tmp_path: Path) -> None:
    output = tmp_path / "folder" / "output.log"
    for word in ("one", "two"):
        assert start_session(["-c", f"print('{word}')"], output).wait(timeout=30) == 0
    assert output.read_text() == "one\ntwo\n"


def test_a_stubborn_session_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.services.training.subprocesses.GRACE_SECONDS", 0.5)
    output = tmp_path / "output.log"
    process = start_session(["-c", STUBBORN], output)
    child = int(wait_for(output.read_text, seconds=30))
    stop_session(process.pid)
    process.wait()
    wait_for(lambda: not is_running(child), seconds=10)


def is_running(pid: int) -> bool:
    """Return whether a process exists and has not ended; a zombie has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_detached_command_inherits_the_lock(tmp_path: Path) -> None:
    path, output = tmp_path / "command.lock", tmp_path / "output.log"
    with try_lock(path) as lock:
        assert lock is not None
        start_detached(["--help"], output, locks=[lock])
    assert is_locked(path)
    wait_for(lambda: not is_locked(path), seconds=60)
    assert "usage: python -m webapp" in output.read_text()
