"""CPU time and memory of a process with its children, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def tree(pid: int) -> list[int]:
    """Return the process and its living descendants."""
    pids = [pid]
    for thread in _entries(_PROC / str(pid) / "task"):
        for child in _text(thread / "children").split():
            pids += tree(int(child))
    return pids


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of the process and its descendants, including ended ones."""
    ticks = 0
    for member in tree(pid):
        # The fields after the name, which is in parentheses, begin with field 3 of proc_pid_stat(5). Fields
        # 14 to 17 are the times of the process and of its ended children.
        fields = _text(_PROC / str(member) / "stat").rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def proportional_megabytes(pid: int) -> float:
    """Return the memory of the process and its descendants, in which shared pages are divided (PSS)."""
    return sum(_kilobytes(_text(_PROC / str(member) / "smaps_rollup"), "Pss:") for member in tree(pid)) / 1e3


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of the process alone."""
    return _kilobytes(_text(_PROC / str(pid) / "status"), "VmRSS:") / 1e3


def held_megabytes(pid: int) -> float:
    """Return the memory of the process alone that no file backs: its heaps, stacks and shared buffers."""
    status = _text(_PROC / str(pid) / "status")
    return sum(_kilobytes(status, key) for key in ("RssAnon:", "RssShmem:", "VmSwap:")) / 1e3


def _kilobytes(text: str, key: str) -> int:
    lines = [line for line in text.splitlines() if line.startswith(key)]
    return int(lines[0].split()[1]) if lines else 0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    """Return the text of a file; nothing if its process or thread has ended."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
