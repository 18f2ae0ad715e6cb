"""Migration of a database to the schema of this version. Concurrent processes migrate once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from webapp.db.audit_chain import Event, append
from webapp.db.sqlite_files import make_copy
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import UnusableDatabase

logger = logging.getLogger(__name__)
MIGRATIONS = Path(__file__).with_name("migrations")
# Version of databases that do not store their version.
BASELINE = "0001"
BASELINE_TABLES = {"analysis", "face", "feedback"}
# Number of the advisory lock on PostgreSQL: any number that all processes of this application share.
_LOCK = 0x4C454E53


def upgrade(engine: Engine) -> None:
    """Create or migrate the tables. An existing SQLite file is copied beside itself first.

    All steps run in one transaction; a failure leaves the database unchanged. Raises UnusableDatabase
    for the schema of a later version.
    """
    head = newest_version()
    with engine.connect() as connection:
        if version_of(connection) == head:
            return
    with _exclusive_transaction(engine) as connection:
        version = version_of(connection)
        # Another process may have been faster.
        if version == head:
            return
        check_known(version)
        config = configuration()
        config.attributes["connection"] = connection
        tables = set(inspect(connection).get_table_names())
        if tables:
            make_copy(engine, f"before-{head}")
        predates_migrations = version is None and bool(tables & BASELINE_TABLES)
        if predates_migrations:
            if not tables >= BASELINE_TABLES:
                raise UnusableDatabase(
                    "the database has only some tables of the first version; "
                    "restore a copy or start with a new database"
                )
            command.stamp(config, BASELINE)
        command.upgrade(config, "head")
        check_references(connection)
        append(connection, Event(Actor.SYSTEM, Action.MIGRATED, details={"from": version, "to": head}))
    logger.info("the database was migrated from version %s to %s", version or "none", head)


def configuration() -> Config:
    """Return the configuration of Alembic. Commands need an open connection in `attributes["connection"]`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def newest_version() -> str:
    """Return the version of the schema that this program uses."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


def version_of(connection: Connection) -> str | None:
    """Return the version of a database; None if it has no tables or predates migrations."""
    return MigrationContext.configure(connection).get_current_revision()


def check_known(version: str | None) -> None:
    """Raise UnusableDatabase for the version of a later program."""
    known = {step.revision for step in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if version is not None and version not in known:
        raise UnusableDatabase(
            f"the database has version {version}, which only a later version of this program knows"
        )


@contextmanager
def _exclusive_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that excludes other migrating processes.

    References are not enforced during a migration on SQLite: a table that is recreated would otherwise delete
    the rows that refer to it. `check_references` checks them at the end.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        try:
            yield connection
            connection.commit()
        finally:
            # After the commit this does nothing.
            connection.rollback()
            if is_sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def check_references(connection: Connection) -> None:
    """Raise UnusableDatabase if a row of a SQLite database refers to a missing row."""
    if connection.dialect.name != "sqlite":
        return
    broken_reference = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken_reference is not None:
        raise UnusableDatabase("after the migration rows would refer to missing rows; nothing was changed")
