"""Engines and sessions, with the SQLite settings that keep committed data safe."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from webapp.db.migrate import upgrade
from webapp.db.network_mounts import network_file_system
from webapp.db.sqlite_files import sqlite_file
from webapp.db.sqlite_write_queue import QUEUE, WriteQueue
from webapp.domain.errors import UnusableDatabase

logger = logging.getLogger(__name__)
Sessions = sessionmaker[Session]
# Seconds that a transaction waits for a lock.
BUSY_SECONDS = 15
# Ranges of SQLite releases in which two connections cannot corrupt a database in WAL mode: first release of
# the range, and first release after it.
_WAL_SAFE = (((3, 44, 6), (3, 45, 0)), ((3, 50, 7), (3, 51, 0)), ((3, 51, 3), (99, 0, 0)))


def open_database(url: str) -> Engine:
    """Return an engine on a database with all tables, which is created or migrated if necessary.

    The folder of a SQLite file is created too. Raises UnusableDatabase for the schema of a later version or a
    file on a network mount, and the errors of `connect`.
    """
    file = sqlite_file(parse_url(url))
    if file is not None:
        kind = network_file_system(file)
        if kind is not None:
            raise UnusableDatabase(
                f"{file} would lie on a network file system ({kind}), where SQLite loses data; "
                "set LENS_DATA to a folder of a local disk, and LENS_BACKUPS to the mounted one"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = connect(url)
    upgrade(engine)
    return engine


def connect(url: str) -> Engine:
    """Return an engine on a database as it is. Errors never contain what visitors wrote.

    Raises UnusableDatabase for an invalid URL or a driver that is not installed.
    """
    parsed = parse_url(url)
    try:
        if parsed.get_backend_name() == "postgresql":
            options = f"-c lock_timeout={BUSY_SECONDS}s"
            return create_engine(
                parsed, connect_args={"options": options}, pool_pre_ping=True, hide_parameters=True
            )
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    except ImportError as error:
        raise UnusableDatabase(
            f"{parsed.drivername} needs a package that is not installed: {error.name}{_hint(parsed)}"
        ) from error
    except NoSuchModuleError as error:
        raise UnusableDatabase(f"there is no kind of database named {parsed.drivername}") from error
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "handle_error", _discard_read_only)
    return engine


def parse_url(url: str) -> URL:
    """Return the parsed URL. PostgreSQL without a driver uses psycopg. Raises UnusableDatabase."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnusableDatabase(
            "LENS_DATABASE_URL is no URL of a database, as sqlite:///file or postgresql://user@host/name"
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def make_sessions(engine: Engine) -> Sessions:
    """Return a session factory. On SQLite its sessions share a queue of writers, see `WriteQueue`."""
    if engine.dialect.name != "sqlite":
        return sessionmaker(engine, expire_on_commit=False)
    queue = WriteQueue()
    sessions = sessionmaker(engine, expire_on_commit=False, info={QUEUE: queue})
    event.listen(sessions, "after_transaction_end", queue.leave)
    return sessions


def is_reachable(engine: Engine) -> bool:
    """Return True if the database answers a query."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        logger.exception("the database does not answer")
        return False
    return True


def truncate_write_ahead_log(engine: Engine) -> None:
    """Move SQLite's write-ahead log into the database file and truncate it.

    Otherwise the log would still contain deleted rows.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def journal_mode(version: tuple[int, ...]) -> str:
    """Return the journal mode for a SQLite release: WAL, or DELETE for releases with the WAL-reset bug.

    Releases 3.7.0 to 3.51.2 can corrupt a database in WAL mode, except the patched ones.
    """
    is_safe = any(first <= version < end for first, end in _WAL_SAFE)
    return "WAL" if is_safe else "DELETE"


def _discard_read_only(context: ExceptionContext) -> None:
    """Discard a connection that was opened while the disk was read-only, because it would stay read-only."""
    error_name = getattr(context.original_exception, "sqlite_errorname", "")
    if error_name.startswith("SQLITE_READONLY"):
        context.is_disconnect = True


def _hint(url: URL) -> str:
    """Return the command that installs the driver, if it is known."""
    return " (pip install 'psycopg[binary]')" if url.drivername == "postgresql+psycopg" else ""


def _configure_sqlite(connection: Any, _: Any) -> None:
    """Set the pragmas of a new connection."""
    import sqlite3

    mode = journal_mode(sqlite3.sqlite_version_info)
    cursor = connection.cursor()
    settings = (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        f"journal_mode={mode}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    )
    for setting in settings:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
