"""Seccomp filter that allows only the system calls that decoding needs. See seccomp(2).

Other calls fail with EPERM, so libraries continue after an optional call.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

# Instructions of BPF.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# Results of the filter.
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# Offsets in seccomp_data.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
# Bit of calls of the x32 ABI on x86_64.
_X32 = 0x40000000
# Operation of seccomp(2) that installs a filter, and its flag for all threads of the process.
_FILTER = 1
_ALL_THREADS = 1

# Bits of arguments: executable memory, a thread instead of a process, all kinds of new namespaces, and an
# open file instead of a path.
_PROT_EXEC = 0x4
_CLONE_THREAD = 0x10000
_CLONE_NEW = 0x7E020080
_AT_EMPTY_PATH = 0x1000
# F_GETFD, F_GETFL, F_DUPFD_CLOEXEC.
_FCNTL = (1, 3, 1030)

# Allowed calls with their numbers on x86_64 and aarch64; None if there is none.
ALLOWED_CALLS: dict[str, tuple[int | None, int | None]] = {
    # Open files: the input and the shared buffer.
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "preadv": (295, 69),
    "dup": (32, 23),
    "poll": (7, None),
    "ppoll": (271, 73),
    # The channel to the server.
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    # Memory.
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "mincore": (27, 232),
    "madvise": (28, 233),
    # Threads of this process.
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "gettid": (186, 178),
    "getcpu": (309, 168),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # Signals that this process receives.
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    # Clocks, random numbers, properties of the machine.
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "uname": (63, 160),
    "sysinfo": (99, 179),
}
# Calls that are allowed with certain arguments, with their numbers on x86_64 and aarch64.
CONDITIONAL_CALLS = {
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fcntl": (72, 25),
    "newfstatat": (262, 79),
    "statx": (332, 291),
}
# Column of the tables above, and the audit architecture of the kernel.
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
# Number of seccomp(2) itself.
_SECCOMP = (317, 277)


@dataclass(frozen=True)
class Instruction:
    """BPF instruction. `if_true` and `if_false` are numbers of instructions to skip."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0

    def packed(self) -> bytes:
        """Return the instruction as the kernel reads it."""
        return struct.pack("HBBI", self.code, self.if_true, self.if_false, self.value)


class _Program(ctypes.Structure):
    """sock_fprog of the kernel."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def restrict() -> str:
    """Install the filter for all threads; return a name for the log. Raises OSError on failure."""
    machine = platform.machine()
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"no list of calls for {machine}")
    column, architecture = MACHINES[machine]
    steps = b"".join(step.packed() for step in filter_program(column, architecture))
    buffer = ctypes.create_string_buffer(steps, len(steps))
    program = _Program(len(steps) // 8, ctypes.addressof(buffer))
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(ctypes.c_long(_SECCOMP[column]), _FILTER, _ALL_THREADS, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "seccomp"


def filter_program(column: int, architecture: int) -> list[Instruction]:
    """Return the filter for a column of the tables and its audit architecture."""
    steps = [
        Instruction(_LOAD, _ARCHITECTURE),
        Instruction(_EQUAL, architecture, 1, 0),
        Instruction(_RETURN, _KILL),
        Instruction(_LOAD, _NUMBER),
    ]
    if column == 0:
        steps += [Instruction(_AT_LEAST, _X32, 0, 1), Instruction(_RETURN, _KILL)]
    for numbers in ALLOWED_CALLS.values():
        number = numbers[column]
        if number is not None:
            steps += _rule(number, [Instruction(_RETURN, _ALLOW)])
    for name, body in _conditions().items():
        steps += _rule(CONDITIONAL_CALLS[name][column], body)
    return [*steps, Instruction(_RETURN, _ERRNO | errno.EPERM)]


def _rule(number: int, body: list[Instruction]) -> list[Instruction]:
    """Return instructions that run `body`, which ends the program, for calls with this number."""
    return [Instruction(_EQUAL, number, 0, len(body)), *body]


def _conditions() -> dict[str, list[Instruction]]:
    """Return the instructions for each call that is allowed with certain arguments only."""
    allow = Instruction(_RETURN, _ALLOW)
    refuse = Instruction(_RETURN, _ERRNO | errno.EPERM)

    def argument(number: int) -> Instruction:
        # The lower half of the argument, which both processors store first.
        return Instruction(_LOAD, _ARGUMENTS + 8 * number)

    no_code = [argument(2), Instruction(_ANY_BIT, _PROT_EXEC, 0, 1), refuse, allow]
    # Threads, but no processes and no namespaces.
    threads = [
        argument(0),
        Instruction(_ANY_BIT, _CLONE_NEW, 0, 1),
        refuse,
        Instruction(_ANY_BIT, _CLONE_THREAD, 0, 1),
        allow,
        refuse,
    ]
    fcntl = [argument(1)]
    for command in _FCNTL:
        fcntl += [Instruction(_EQUAL, command, 0, 1), allow]
    return {
        "mmap": no_code,
        "mprotect": no_code,
        "clone": threads,
        # A filter cannot see the arguments of clone3. After ENOSYS the C library tries clone.
        "clone3": [Instruction(_RETURN, _ERRNO | errno.ENOSYS)],
        "fcntl": [*fcntl, refuse],
        # Of open files, not of paths.
        "newfstatat": [argument(3), Instruction(_ANY_BIT, _AT_EMPTY_PATH, 0, 1), allow, refuse],
        "statx": [argument(2), Instruction(_ANY_BIT, _AT_EMPTY_PATH, 0, 1), allow, refuse],
    }
