"""Decisions of the seccomp filter for both processor types, by an interpreter of its program."""

from __future__ import annotations

import errno
import struct

import pytest

from webapp.media.decoding import seccomp

MACHINES = list(seccomp.MACHINES)
ALLOWED, REFUSED, KILLED = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
FORBIDDEN = {  # call: its numbers on x86_64 and aarch64
    **{
        "openat": (257, 56),
        "openat2": (437, 437),
        "execve": (59, 221),
        "execveat": (322, 281),
        "socket": (41, 198),
    },
    **{
        "socketpair": (53, 199),
        "connect": (42, 203),
        "bind": (49, 200),
        "accept4": (288, 242),
        "kill": (62, 129),
        "tgkill": (234, 131),
    },
    **{
        "ptrace": (101, 117),
        "process_vm_readv": (310, 270),
        "unshare": (272, 97),
        "mount": (165, 40),
        "bpf": (321, 280),
    },
    **{
        "io_uring_setup": (425, 425),
        "memfd_create": (319, 279),
        "ioctl": (16, 29),
        "prctl": (157, 167),
        "prlimit64": (302, 261),
    },
    **{
        "unlinkat": (263, 35),
        "ftruncate": (77, 46),
        "chdir": (80, 49),
        "setns": (308, 268),
        "userfaultfd": (323, 282),
    },
    **{
        "pidfd_getfd": (438, 438),
        "perf_event_open": (298, 241),
        "add_key": (248, 217),
        "shmget": (29, 194),
        "splice": (275, 76),
    },
}


def decision(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    place, own = seccomp.MACHINES[machine]
    data = struct.pack("<iIQ6Q", number, architecture or own, 0, *arguments, *(0,) * (6 - len(arguments)))
    steps, at, value = seccomp.filter_program(place, own), 0, 0
    while True:
        step = steps[at]
        at += 1
        if step.code == 0x20:
            (value,) = struct.unpack_from("<I", data, step.value)
        elif step.code == 0x06:
            return step.value
        else:
            true = {0x15: value == step.value, 0x35: value >= step.value, 0x45: bool(value & step.value)}[
                step.code
            ]
            at += step.if_true if true else step.if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_what_decoding_needs_is_allowed_and_nothing_else(machine: str) -> None:
    place = seccomp.MACHINES[machine][0]
    allowed = {numbers[place] for numbers in seccomp.ALLOWED_CALLS.values()} - {None}
    conditional = {numbers[place] for numbers in seccomp.CONDITIONAL_CALLS.values()}
    for number in range(600):
        if number not in conditional:
            assert decision(machine, number) == (ALLOWED if number in allowed else REFUSED), number
    for name, numbers in FORBIDDEN.items():
        assert decision(machine, numbers[place]) == REFUSED, name


@pytest.mark.parametrize("machine", MACHINES)
def test_some_calls_depend_on_their_arguments(machine: str) -> None:
    place = seccomp.MACHINES[machine][0]
    number = {name: numbers[place] for name, numbers in seccomp.CONDITIONAL_CALLS.items()}
    assert decision(machine, number["clone"], 0x3D0F00) == ALLOWED  # as pthread_create asks
    assert decision(machine, number["clone"], 0x1200011) == REFUSED  # as fork does
    assert decision(machine, number["clone"], 0x3D0F00 | 0x40000000) == REFUSED  # into a network of its own
    assert decision(machine, number["clone3"], 0, 88) == 0x00050000 | errno.ENOSYS
    for name in ("mmap", "mprotect"):
        assert decision(machine, number[name], 0, 4096, 3) == ALLOWED
        assert decision(machine, number[name], 0, 4096, 7) == REFUSED
    assert decision(machine, number["fcntl"], 3, 1030) == ALLOWED
    assert decision(machine, number["fcntl"], 3, 8) == REFUSED  # F_SETOWN: signals to others
    assert decision(machine, number["newfstatat"], 3, 0, 0, 0x1000) == ALLOWED
    assert decision(machine, number["newfstatat"], -100 & 0xFFFFFFFFFFFFFFFF, 0, 0, 0) == REFUSED


def test_calls_of_another_kind_end_the_process() -> None:
    assert decision("x86_64", 0, architecture=0x40000003) == KILLED  # 32 bits, with other numbers
    assert decision("x86_64", 0x40000000) == KILLED  # x32
    assert decision("aarch64", 0, architecture=0x40000028) == KILLED
