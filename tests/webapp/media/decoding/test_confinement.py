"""Abilities of a confined worker, tried from inside as an attacker would."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")

# every deed returns without an error where nothing holds the process
INSIDE = """
import ctypes, json, mmap, os, signal, socket, subprocess, sys, threading
from pathlib import Path
canary, address, port, server = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
from webapp.media.decoding import confinement, landlock, seccomp
{prepare}
library = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if library.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")
def connect(family, where):
    with socket.socket(family) as channel:
        channel.connect(where)
def executable():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
deeds = {{
    "read": canary.read_bytes,
    "list": lambda: os.listdir(canary.parent),
    "stat": canary.stat,
    "write": lambda: (canary.parent / "written").write_bytes(b"x"),
    "remove": (canary.parent / "other").unlink,
    "truncate": lambda: os.truncate(canary, 0),
    "environment of the server": lambda: Path(f"/proc/{{server}}/environ").read_bytes(),
    "memory of the server": lambda: os.open(f"/proc/{{server}}/mem", os.O_RDWR),
    "connect": lambda: connect(socket.AF_INET, (address, port)),
    "listen": lambda: socket.create_server((address, 0)).close(),
    "unix socket": lambda: connect(socket.AF_UNIX, str(canary.parent / "socket")),
    "execute": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": fork,
    "signal the server": lambda: os.kill(server, 0),
    "trace the server": lambda: call(101 if os.uname().machine == "x86_64" else 117, 0x4206, server, 0, 0),
    "new namespace": lambda: call(272 if os.uname().machine == "x86_64" else 97, 0x10000000),
    "limits of others": lambda: call(
        302 if os.uname().machine == "x86_64" else 261, server, 7, 0, ctypes.create_string_buffer(16)
    ),
    "code made up": executable,
}}
def error_of(deed):
    try:
        deed()
    except (OSError, subprocess.SubprocessError) as error:
        return type(error).__name__
    return None
confined = confinement.confine(confinement.Limits(512, 60))
thread = threading.Thread(target=lambda: found.update({{"thread": True}}))
found = {{name: error_of(deed) for name, deed in deeds.items()}}
thread.start(); thread.join()
try:
    bytearray(700_000_000)
except MemoryError:
    found["memory"] = "MemoryError"
print(json.dumps({{"found": found, "active": confined.active, "missing": confined.missing}}), flush=True)
os._exit(0)
"""


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    (tmp_path / "canary").write_bytes(b"secret")
    (tmp_path / "other").write_bytes(b"other")
    return tmp_path / "canary"


@pytest.fixture
def listening(tmp_path: Path, canary: Path) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as near:
        near.bind(str(tmp_path / "socket"))
        near.listen()
        server.settimeout(0.1)
        yield server


def inside(canary: Path, listening: socket.socket, prepare: str = "") -> dict[str, dict[str, str | None]]:
    """Return the outcome of every attempt in a process that confined itself."""
    with subprocess.Popen(["sleep", "60"]) as server:
        try:
            arguments = [str(canary), *map(str, listening.getsockname()), str(server.pid)]
            code = INSIDE.format(prepare=prepare)
            done = subprocess.run(
                [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
            )
        finally:
            server.kill()
    told: dict[str, dict[str, str | None]] = json.loads(done.stdout)
    return told


@linux
def test_a_confined_process_can_compute_and_nothing_else(canary: Path, listening: socket.socket) -> None:
    told = inside(canary, listening)
    assert told["missing"] == []
    assert [name for name, error in told["found"].items() if error is None] == []
    assert told["found"]["thread"] is True
    assert canary.read_bytes() == b"secret"
    assert sorted(path.name for path in canary.parent.iterdir()) == ["canary", "other", "socket"]
    with pytest.raises(TimeoutError):
        listening.accept()


@linux
def test_without_seccomp_landlock_holds_files_and_connections_and_the_lack_is_named(
    canary: Path, listening: socket.socket
) -> None:
    told = inside(
        canary,
        listening,
        "def gone(): raise OSError(38, 'Function not implemented')\nseccomp.restrict = gone",
    )
    assert told["missing"] == ["seccomp ([Errno 38] Function not implemented)"]
    for deed in (
        "read",
        "list",
        "write",
        "remove",
        "truncate",
        "environment of the server",
        "memory of the server",
        "connect",
        "execute",
    ):
        assert told["found"][deed] is not None, deed


@linux
def test_without_landlock_seccomp_holds_everything_and_the_lack_is_named(
    canary: Path, listening: socket.socket
) -> None:
    told = inside(
        canary,
        listening,
        "def gone(): raise OSError(38, 'Function not implemented')\nlandlock.restrict = gone",
    )
    assert told["missing"] == ["Landlock ([Errno 38] Function not implemented)"]
    assert [name for name, error in told["found"].items() if error is None] == []


@linux
def test_an_older_landlock_is_asked_for_what_it_knows(canary: Path, listening: socket.socket) -> None:
    for version in (1, 3, 5):
        prepare = (
            f"landlock._call, ask = (lambda n, a, s, t: {version} if t == 1 else ask(n, a, s, t)), "
            "landlock._call"
        )
        told = inside(canary, listening, prepare)
        assert told["missing"] == []
        assert f"Landlock {version}" in told["active"]


def test_elsewhere_what_holds_is_used_and_the_rest_is_named(canary: Path, listening: socket.socket) -> None:
    told = inside(canary, listening, "sys.platform = 'freebsd'")
    assert [lack.split(" (")[0] for lack in told["missing"]] == [
        "limit of memory",
        "no new privileges",
        "Landlock",
        "seccomp",
    ]
    assert told["active"] == ["60 s of processor time, nothing written"]
    assert told["found"]["write"] is not None  # no file can grow
