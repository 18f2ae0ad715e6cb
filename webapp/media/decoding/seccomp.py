"""A seccomp filter: the kernel refuses this process every call but those that decoding needs. See seccomp(2).

Whatever is not listed fails with EPERM: libraries that try something they can do without go on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # places in seccomp_data
_X32 = 0x40000000  # calls of another kind on x86_64
_FILTER, _ALL_THREADS = 1, 1

_PROT_EXEC, _CLONE_THREAD, _CLONE_NEW, _AT_EMPTY_PATH = 0x4, 0x10000, 0x7E020080, 0x1000
_FCNTL = (1, 3, 1030)  # F_GETFD, F_GETFL, F_DUPFD_CLOEXEC

# call: its number on x86_64 and on aarch64; None where there is none
_PLAIN: dict[str, tuple[int | None, int | None]] = {
    # the open files: what came, what goes back
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
    # the server
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    # memory
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "mincore": (27, 232),
    "madvise": (28, 233),
    # threads, of this process only
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "gettid": (186, 178),
    "getcpu": (309, 168),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # signals that this process gets
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    # clocks, chance, and what machine this is
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
_NUMBERS = {  # of those that depend on what they are called with
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fcntl": (72, 25),
    "newfstatat": (262, 79),
    "statx": (332, 291),
}
_MACHINES = {
    "x86_64": (0, 0xC000003E),
    "aarch64": (1, 0xC00000B7),
}  # place in the tables, name for the kernel
_SECCOMP = (317, 277)


@dataclass(frozen=True)
class _Step:
    code: int
    value: int
    if_true: int = 0  # steps to leave out
    if_false: int = 0

    def packed(self) -> bytes:
        return struct.pack("HBBI", self.code, self.if_true, self.if_false, self.value)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def restrict() -> str:
    """Refuse all calls but those above, to every thread. Returns what holds now. Raises OSError where that cannot be."""
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no list of calls for {machine}")
    place, architecture = _MACHINES[machine]
    steps = b"".join(step.packed() for step in _program(place, architecture))
    buffer = ctypes.create_string_buffer(steps, len(steps))
    program = _Program(len(steps) // 8, ctypes.addressof(buffer))
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(ctypes.c_long(_SECCOMP[place]), _FILTER, _ALL_THREADS, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "seccomp"


def _program(place: int, architecture: int) -> list[_Step]:
    steps = [
        _Step(_LOAD, _ARCHITECTURE),
        _Step(_EQUAL, architecture, 1, 0),
        _Step(_RETURN, _KILL),
        _Step(_LOAD, _NUMBER),
    ]
    if place == 0:
        steps += [_Step(_AT_LEAST, _X32, 0, 1), _Step(_RETURN, _KILL)]
    for numbers in _PLAIN.values():
        number = numbers[place]
        if number is not None:
            steps += _rule(number, [_Step(_RETURN, _ALLOW)])
    for name, body in _conditions().items():
        steps += _rule(_NUMBERS[name][place], body)
    return [*steps, _Step(_RETURN, _ERRNO | errno.EPERM)]


def _rule(number: int, body: list[_Step]) -> list[_Step]:
    """`body`, which returns, where the call has that number."""
    return [_Step(_EQUAL, number, 0, len(body)), *body]


def _conditions() -> dict[str, list[_Step]]:
    allow, refuse = _Step(_RETURN, _ALLOW), _Step(_RETURN, _ERRNO | errno.EPERM)

    def argument(number: int) -> _Step:
        return _Step(_LOAD, _ARGUMENTS + 8 * number)  # the lower half: both processors put it first

    no_code = [argument(2), _Step(_ANY_BIT, _PROT_EXEC, 0, 1), refuse, allow]
    # threads, no processes and no namespaces
    threads = [
        argument(0),
        _Step(_ANY_BIT, _CLONE_NEW, 0, 1),
        refuse,
        _Step(_ANY_BIT, _CLONE_THREAD, 0, 1),
        allow,
        refuse,
    ]
    fcntl = [argument(1)]
    for command in _FCNTL:
        fcntl += [_Step(_EQUAL, command, 0, 1), allow]
    return {
        "mmap": no_code,
        "mprotect": no_code,
        "clone": threads,
        "clone3": [
            _Step(_RETURN, _ERRNO | errno.ENOSYS)
        ],  # says what it wants where no filter can look; then `clone` is tried
        "fcntl": [*fcntl, refuse],
        "newfstatat": [
            argument(3),
            _Step(_ANY_BIT, _AT_EMPTY_PATH, 0, 1),
            allow,
            refuse,
        ],  # of open files, not of names
        "statx": [argument(2), _Step(_ANY_BIT, _AT_EMPTY_PATH, 0, 1), allow, refuse],
    }
