"""Backups of a PostgreSQL database, with pg_dump and pg_restore."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from webapp.db.audit_chain import Head
from webapp.db.backups import tombstones
from webapp.db.backups.contents import check_contents
from webapp.db.backups.orphans import orphan_deletions
from webapp.domain.errors import Unable

# Timeout of a tool in seconds.
_TOOL_SECONDS = 3600


def write(url: URL, part: Path) -> None:
    """Dump the database as it is at one moment. Raises Unable (missing_tool, dump_failed)."""
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")


def check(url: URL, path: Path) -> tuple[str | None, Head | None, bool]:
    """Restore a dump into a temporary database; return its version, the head of its audit log, and True.

    If the user must not create databases, the dump is only read to its end: (None, None, False). Raises
    Unable (backup_damaged).
    """
    if not path.is_file():
        raise Unable("no_backup", f"there is no file {path}")
    name = f"lens_check_{secrets.token_hex(8)}"
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
    with engine.connect() as connection:
        may_create = connection.scalar(
            text("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        )
        if not may_create:
            _run("pg_restore", None, "--file=/dev/null", str(path), code="backup_damaged")
            return None, None, False
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            _restore(url.set(database=name), path)
            version, audit_head = _checked(url.set(database=name), path.name)
            return version, audit_head, True
        finally:
            connection.exec_driver_sql(f'DROP DATABASE "{name}"')


def is_empty(url: URL) -> bool:
    """Return True if the database has no tables. Raises SQLAlchemyError if there is no database."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()


def place(source: Path, url: URL) -> None:
    """Restore a dump into an empty database, without analyses that were deleted after the dump.

    Raises Unable (database_exists, backup_damaged).
    """
    if not is_empty(url):
        raise Unable("database_exists", "the database has tables already; nothing was restored")
    check(url, source)
    _restore(url, source)
    _checked(url, source.name)
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.begin() as connection:
        _delete_buried(connection, tombstones.read(source))


def _delete_buried(connection: Connection, marks: set[str]) -> None:
    """Delete the analyses whose tombstones are among `marks`."""
    if not marks:
        return
    for (receipt_hash,) in connection.execute(text("SELECT receipt_hash FROM analysis")).all():
        if tombstones.mark(receipt_hash) in marks:
            connection.execute(
                text("DELETE FROM analysis WHERE receipt_hash = :gone"), {"gone": receipt_hash}
            )
    for deletion in orphan_deletions(inspect(connection).get_table_names()):
        connection.execute(text(deletion))


def _restore(url: URL, path: Path) -> None:
    """Restore a dump into an empty database. Raises Unable (missing_tool, backup_damaged)."""
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", url, *options, str(path), code="backup_damaged")


def _checked(url: URL, name: str) -> tuple[str | None, Head | None]:
    """Return version and audit head of a restored database, as `check_contents` does."""
    engine: Engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return check_contents(connection, name)
    except SQLAlchemyError as error:
        raise Unable("backup_damaged", f"{name} was restored, but cannot be read") from error


def _run(tool: str, url: URL | None, *arguments: str, code: str = "dump_failed") -> None:
    """Run a tool of PostgreSQL on the database at `url`, if one is given. Raises Unable with `code`.

    The password is passed by the environment, because any user of the machine can read command lines.
    """
    executable = shutil.which(tool)
    if executable is None:
        raise Unable(
            "missing_tool", f"backups of PostgreSQL need {tool} (Debian: apt install postgresql-client)"
        )
    environment = {"HOME": str(Path.home()), "LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    command = [executable]
    if url is not None:
        if url.password is not None:
            environment["PGPASSWORD"] = str(url.password)
        address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        command += [f"--dbname={address}", "--no-password"]
    command += arguments
    try:
        process = subprocess.run(
            command, env=environment, capture_output=True, timeout=_TOOL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unable(code, f"{tool} did not finish") from error
    if process.returncode:
        errors = process.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Unable(code, f"{tool} failed: {errors[0] if errors else process.returncode}")
