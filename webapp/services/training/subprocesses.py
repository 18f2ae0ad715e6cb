"""The trainer's process: it outlives whoever started it, and whoever comes next finds it by its lock."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from webapp.domain.errors import Unable

ROOT = Path(__file__).resolve().parents[3]
TRAINER, SUPERVISOR = "trainer.lock", "supervisor.lock"
DETACHED = "detached.lock"  # held from birth by a supervisor that was started by a server
OUTPUT = "output.log"
_GRACE = 10.0  # seconds after SIGTERM


@contextmanager
def held(path: Path) -> Iterator[int | None]:
    """The lock at a path, as a file descriptor; None where another process holds it. It goes with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield descriptor
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock."""
    if not path.exists():
        return False
    with held(path) as descriptor:
        return descriptor is None


def start(arguments: Sequence[str], run: Path, lock: int, *, processes: int = 1) -> subprocess.Popen[bytes]:
    """`python -m laanet_core train` in a session of its own, holding the lock; its output goes to a file in the run's folder."""
    launcher = (
        ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        if processes > 1
        else []
    )
    command = [sys.executable, *launcher, "-m", "laanet_core", "train", *arguments]
    with (run / OUTPUT).open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=(lock,),
        )


def detach(arguments: Sequence[str], output: Path, *, locks: Sequence[int] = ()) -> None:
    """`python -m webapp` with these arguments in a session of its own, which does not end with this process. It holds the locks too."""
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "webapp", *arguments]
    with output.open("ab") as file:
        begun = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, pass_fds=locks
        )  # fmt: skip
    threading.Thread(target=begun.wait, name=f"{arguments[0]}, detached", daemon=True).start()


def call(command: str, *arguments: str) -> str:
    """Another command of the library, here; what it printed. Raises Unable with run_failed and its last words."""
    from laanet_core.cli import main

    printed, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
        status = main([command, *arguments])
    if status:
        raise Unable("run_failed", f"{command}: {last_words(said.getvalue())}")
    return printed.getvalue()


def end(pid: int) -> None:
    """Let a trainer and all its processes end, itself first: it puts away what it has begun. Only for one whose lock is held: a number may
    stand for another process later.
    """
    for tell, number in ((os.kill, signal.SIGTERM), (os.killpg, signal.SIGTERM), (os.killpg, signal.SIGKILL)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            tell(pid, number)
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline and _lives(pid):
            time.sleep(0.1)
        if not _lives(pid):
            return


def step_of(folder: Path) -> int:
    """The last step that the trainer's log tells of."""
    try:
        lines = (folder / "log.jsonl").read_bytes()[-4096:].splitlines()
    except FileNotFoundError:
        return 0
    for line in reversed(lines):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return int(json.loads(line)["step"])
    return 0


def is_done(folder: Path, steps: int) -> bool:
    """Whether the weights of the last step lie there."""
    try:
        config = json.loads((folder / "weights" / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(config.get("version") == f"step-{steps}")


def last_words(output: str) -> str:
    lines = [line.strip() for line in output.replace("\r", "\n").splitlines() if line.strip()]
    return next(
        (line for line in reversed(lines) if line.startswith("error:")),
        lines[-1] if lines else "it said nothing",
    )[:500]


def _lives(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # ours, if it has ended
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
