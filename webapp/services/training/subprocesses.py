"""Start and end of processes that run in sessions of their own and so outlive this process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Seconds that a session has to end after each signal
GRACE_SECONDS = 10.0


def start_session(
    arguments: Sequence[str], output: Path, *, locks: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start `python ARGUMENTS` in a session of its own. Append its output to the file `output`.

    The process inherits `locks` (descriptors from `try_lock`) and keeps them until it ends.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            pass_fds=locks,
        )


def start_detached(arguments: Sequence[str], output: Path, *, locks: Sequence[int] = ()) -> None:
    """Start `python -m webapp ARGUMENTS` in a session of its own and do not wait for it."""
    process = start_session(["-m", "webapp", *arguments], output, locks=locks)
    # The thread collects the exit status, so that no zombie stays while this process lives.
    threading.Thread(target=process.wait, name=f"wait for {arguments[0]}", daemon=True).start()


def stop_session(pid: int) -> None:
    """Stop the session that process `pid` leads.

    Send SIGTERM to the leader, then SIGTERM to all processes, then SIGKILL to all, until the session has
    ended. Call this function only while the leader has its lock: later, `pid` may belong to another process.
    """
    steps = ((os.kill, signal.SIGTERM), (os.killpg, signal.SIGTERM), (os.killpg, signal.SIGKILL))
    for send, signal_number in steps:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(pid, signal_number)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and _is_alive(pid):
            time.sleep(0.1)
        if not _is_alive(pid):
            return


def _is_alive(pid: int) -> bool:
    """Return whether any process of the session that `pid` leads is alive."""
    # If the leader is a child of this process, its exit status must be collected before the group can vanish.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
