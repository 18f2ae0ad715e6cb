"""What a backup must hold to become the database."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

from webapp.db import audit_chain as chain
from webapp.db.audit_chain import Head
from webapp.db.migrate import check_known, version_of
from webapp.domain.errors import BrokenAudit, Unable, UnusableDatabase

_LOGGED_SINCE = "0003"  # the version of the database from which on there is an audit log


def check_contents(connection: Connection, name: str) -> tuple[str | None, Head | None]:
    """Of a copy of a database: its version, and its audit log's head once the log was checked; None where it is older than the log.

    Raises Unable with backup_damaged for what is no database of this application or of a later version, or whose log is broken.
    """
    if "analysis" not in inspect(connection).get_table_names():
        raise Unable("backup_damaged", f"{name} is no database of this application")
    version = version_of(connection)
    try:
        check_known(version)
        return version, None if version is None or version < _LOGGED_SINCE else chain.verify(connection)
    except UnusableDatabase as error:
        raise Unable("backup_damaged", f"{name}: {error}") from error
    except BrokenAudit as error:
        raise Unable("backup_damaged", f"{name}: {error.message}") from error
