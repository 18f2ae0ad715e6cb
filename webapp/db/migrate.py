"""Bring a database to the tables of this version, once, whoever else starts at the same time."""

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
BASELINE = "0001"  # what databases were before they knew their version
BASELINE_TABLES = {"analysis", "face", "feedback"}
_LOCK = 0x4C454E53  # of PostgreSQL: any number that all processes of this application share


def upgrade(engine: Engine) -> None:
    """Make or upgrade the tables. A SQLite file that holds some already is copied beside itself first.

    One transaction: a step that fails leaves the database as it was. Raises UnusableDatabase where a later version has been at it.
    """
    config, head = configuration(), newest_version()
    with engine.connect() as connection:
        if version_of(connection) == head:
            return
    with _alone(engine) as connection:
        version = version_of(connection)
        if version == head:  # another process was faster
            return
        check_known(version)
        config.attributes["connection"] = connection
        tables = set(inspect(connection).get_table_names())
        if tables:
            make_copy(engine, f"before-{head}")
        if version is None and tables & BASELINE_TABLES:
            if not tables >= BASELINE_TABLES:
                raise UnusableDatabase(
                    "the database has only some of the tables of the first version; take a copy of it, and a fresh one"
                )
            command.stamp(config, BASELINE)
        command.upgrade(config, "head")
        _check_references(connection)
        append(connection, Event(Actor.SYSTEM, Action.MIGRATED, details={"from": version, "to": head}))
    logger.info("the database was brought from version %s to %s", version or "none", head)


def configuration() -> Config:
    """Alembic's, without a file; commands need an open connection in `attributes["connection"]`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def newest_version() -> str:
    """That of this program."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


def version_of(connection: Connection) -> str | None:
    """Of a database's tables; None where there are none, or those of before they knew it."""
    return MigrationContext.configure(connection).get_current_revision()


def check_known(version: str | None) -> None:
    """Raises UnusableDatabase for a version of a later program."""
    known = {step.revision for step in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if version is not None and version not in known:
        raise UnusableDatabase(
            f"the database has version {version}, which only a later version of this program knows"
        )


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process upgrades beside.

    SQLite checks references at the end instead of at once: a table that is made anew by copying would take what refers to it along.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            if sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    if (
        connection.dialect.name == "sqlite"
        and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None
    ):
        raise UnusableDatabase(
            "after the upgrade rows would refer to rows that are missing; nothing was changed"
        )
