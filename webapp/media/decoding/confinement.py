"""Confinement of a worker before it reads untrusted bytes.

The steps are independent: if the system lacks one, the others still apply, and the missing one is reported.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from webapp.media.decoding import landlock, seccomp

_MEGABYTE = 1_000_000
# Bytes of address space allowed beyond the memory limit. The shared buffer and thread stacks reserve
# addresses that take no memory.
_ADDRESS_SPACE = 400 * _MEGABYTE
_MAX_OPEN_FILES = 32
# Options of prctl(2).
_SET_DEATH_SIGNAL = 1
_SET_DUMPABLE = 4
_SET_NO_NEW_PRIVILEGES = 38
# Seconds between SIGXCPU at the soft limit of processor time and the kill at the hard limit.
_CPU_GRACE_SECONDS = 5


@dataclass(frozen=True)
class Limits:
    """Limits of a worker: memory in megabytes, processor time in seconds over its whole life."""

    megabytes: int
    seconds: int


@dataclass(frozen=True)
class Confinement:
    """Active and missing protections, as texts for the log. Missing ones include the reason."""

    active: tuple[str, ...]
    missing: tuple[str, ...]


def confine(limits: Limits) -> Confinement:
    """Restrict this process to computation.

    It must have no threads yet, and cannot import modules afterwards.
    """
    active: list[str] = []
    missing: list[str] = []
    steps: list[tuple[str, Callable[[], str]]] = [
        ("limit of memory", lambda: _limit_memory(limits.megabytes)),
        ("limits of files and time", lambda: _limit_files_and_time(limits.seconds)),
        ("no new privileges", _drop_privileges),
        ("Landlock", _landlock),
        ("seccomp", _seccomp),
    ]
    for name, step in steps:
        try:
            active.append(step())
        except (OSError, ValueError, AttributeError) as error:
            missing.append(f"{name} ({error})")
    return Confinement(tuple(active), tuple(missing))


def die_with(parent: int) -> None:
    """Make this process die with the server.

    On other systems than Linux it ends when the channel is closed, after the current file.
    """
    if sys.platform == "linux":
        _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    # The server may have died before the signal was set.
    if os.getppid() != parent:
        sys.exit(1)


def prefer_for_oom_kill() -> None:
    """Make the kernel kill this process before the server if memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _limit_memory(megabytes: int) -> str:
    if sys.platform != "linux":
        raise OSError("this system does not limit the memory of processes")
    memory = megabytes * _MEGABYTE
    _limit(resource.RLIMIT_DATA, memory)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    mapped = pages * resource.getpagesize()
    _limit(resource.RLIMIT_AS, mapped + memory + _ADDRESS_SPACE)
    return f"{megabytes} MB"


def _limit_files_and_time(seconds: int) -> str:
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    # At the soft limit the kernel sends SIGXCPU, which tells the server why the worker died.
    _limit(resource.RLIMIT_CPU, seconds, seconds + _CPU_GRACE_SECONDS)
    # On Linux this limit would count the threads of all processes of the user.
    if sys.platform == "darwin":
        _limit(resource.RLIMIT_NPROC, 0)
    return f"{seconds} s of processor time, nothing written"


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a resource limit. `hard` is `soft` by default; a lower hard limit that is already set stays."""
    hard = soft if hard is None else hard
    current_hard = resource.getrlimit(kind)[1]
    if current_hard != resource.RLIM_INFINITY:
        hard = min(hard, current_hard)
    resource.setrlimit(kind, (min(soft, hard), hard))


def _drop_privileges() -> str:
    _require_linux()
    _prctl(_SET_DUMPABLE, 0)
    _prctl(_SET_NO_NEW_PRIVILEGES, 1)
    return "no new privileges"


def _landlock() -> str:
    _require_linux()
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise OSError("it would not apply to the threads that run already")
    return landlock.restrict()


def _seccomp() -> str:
    _require_linux()
    return seccomp.restrict()


def _require_linux() -> None:
    if sys.platform != "linux":
        raise OSError("Linux only")


def _prctl(option: int, value: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
