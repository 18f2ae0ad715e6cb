"""What a worker gives up before it reads the first byte of a stranger's file.

Each step stands for itself: where the system lacks one the others hold, and the one that is missing is named.
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
_ROOM = 400 * _MEGABYTE  # of addresses, for what costs no memory: the area, the threads' stacks
_FILES = 32
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 4, 38  # prctl(2)


@dataclass(frozen=True)
class Limits:
    """Of one worker: memory in megabytes, processor time in seconds over its whole life."""

    megabytes: int
    seconds: int


@dataclass(frozen=True)
class Confinement:
    """What holds, and what is missing and why; in words for the log."""

    held: tuple[str, ...]
    missing: tuple[str, ...]


def confine(limits: Limits) -> Confinement:
    """Keep this process from everything but computing. It must not have started threads yet, and can import nothing afterwards."""
    held: list[str] = []
    missing: list[str] = []
    steps: list[tuple[str, Callable[[], str]]] = [
        ("limit of memory", lambda: _limit_memory(limits.megabytes)),
        ("limits of files and time", lambda: _limit_the_rest(limits.seconds)),
        ("no new privileges", _renounce),
        ("Landlock", _landlock),
        ("seccomp", _seccomp),
    ]
    for name, step in steps:
        try:
            held.append(step())
        except (OSError, ValueError, AttributeError) as error:
            missing.append(f"{name} ({error})")
    return Confinement(tuple(held), tuple(missing))


def die_with(parent: int) -> None:
    """End when the server does, however it ends. Elsewhere than on Linux the closed channel tells, once the current file is done."""
    if sys.platform == "linux":
        _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it was quicker
        sys.exit(1)


def first_to_go() -> None:
    """Where memory runs out the system shall end this process and not the server."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _limit_memory(megabytes: int) -> str:
    if sys.platform != "linux":
        raise OSError("this system does not hold processes to one")
    wanted = megabytes * _MEGABYTE
    _limit(resource.RLIMIT_DATA, wanted)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + wanted + _ROOM)
    return f"{megabytes} MB"


def _limit_the_rest(seconds: int) -> str:
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _FILES)
    _limit(
        resource.RLIMIT_CPU, seconds, seconds + 5
    )  # the first ends it by a signal of its own, by which the server knows
    if sys.platform == "darwin":
        _limit(resource.RLIMIT_NPROC, 0)  # on Linux it would count threads, and all of the user's
    return f"{seconds} s of processor time, nothing written"


def _limit(kind: int, most: int, at_the_latest: int | None = None) -> None:
    there = resource.getrlimit(kind)[1]
    hard = most if at_the_latest is None else at_the_latest
    hard = hard if there == resource.RLIM_INFINITY else min(hard, there)
    resource.setrlimit(kind, (min(most, hard), hard))


def _renounce() -> str:
    _only_linux()
    _prctl(_SET_DUMPABLE, 0)
    _prctl(_SET_NO_NEW_PRIVILEGES, 1)
    return "no new privileges"


def _landlock() -> str:
    _only_linux()
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise OSError("there are threads it would not hold")
    return landlock.restrict()


def _seccomp() -> str:
    _only_linux()
    return seccomp.restrict()


def _only_linux() -> None:
    if sys.platform != "linux":
        raise OSError("Linux only")


def _prctl(what: int, value: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(what, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
