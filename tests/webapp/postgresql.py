"""A PostgreSQL server of the tests' own, from the packages of the system."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from webapp.db.session import open_database

SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
    "shared_buffers=32MB",
)


class PostgreSQL:
    """A running server; it is reached by a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def url(self, name: str) -> str:
        return f"postgresql://lens@/{name}?host={self.folder}"

    def empty(self) -> str:
        """The URL of a new database without tables."""
        return self._create("template1")

    def migrated(self) -> str:
        """The URL of a new database with this version's tables."""
        if not self._exists("lens_template"):
            self.run("CREATE DATABASE lens_template")
            open_database(self.url("lens_template")).dispose()
        return self._create("lens_template")

    def run(self, statement: str, name: str = "postgres") -> None:
        with psycopg.connect(host=str(self.folder), user="lens", dbname=name, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _create(self, template: str) -> str:
        self._made += 1
        self.run(f"CREATE DATABASE lens_{self._made} TEMPLATE {template}")
        return self.url(f"lens_{self._made}")

    def _exists(self, name: str) -> bool:
        with psycopg.connect(host=str(self.folder), user="lens", dbname="postgres") as connection:
            return (
                connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
                is not None
            )


def binaries() -> Path | None:
    """The folder of initdb and postgres; Debian keeps it off the path."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    candidates = [*reversed(folders), *([Path(found).resolve().parent] if found else [])]
    return next(
        (folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists()),
        None,
    )


@contextmanager
def running(programs: Path) -> Iterator[PostgreSQL]:
    """Root may not run it: then it is another user's."""
    folder = Path(tempfile.mkdtemp(prefix="lens-postgresql-"))
    user = _unprivileged() if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    made = [
        programs / "initdb",
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "lens",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    subprocess.run(  # type: ignore[call-overload]
        made, check=True, capture_output=True, cwd=folder, **as_user
    )
    options = [part for setting in SETTINGS for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # type: ignore[call-overload]
            [programs / "postgres", "-D", data, "-k", folder, *options],
            cwd=folder,
            stdout=log,
            stderr=log,
            **as_user,
        )
    try:
        server = PostgreSQL(folder)
        _wait_until_answers(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nothing in it is wanted any more
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_answers(server: PostgreSQL, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, (server.folder / "log").read_text()
        try:
            server.run("SELECT 1")
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("PostgreSQL does not answer")


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
