"""Verification of the contents of a backup."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

from webapp.db import audit_chain as chain
from webapp.db.audit_chain import Head
from webapp.db.migrate import check_known, version_of
from webapp.domain.errors import BrokenAudit, Unable, UnusableDatabase

# First version of the database with an audit log.
_LOGGED_SINCE = "0003"


def check_contents(connection: Connection, name: str) -> tuple[str | None, Head | None]:
    """Verify the audit log of a restored copy; return its version and the head of the log.

    The head is None in versions without an audit log. Raises Unable (backup_damaged) for another database,
    the schema of a later version or a broken log.
    """
    if "analysis" not in inspect(connection).get_table_names():
        raise Unable("backup_damaged", f"{name} is no database of this application")
    version = version_of(connection)
    has_audit_log = version is not None and version >= _LOGGED_SINCE
    try:
        check_known(version)
        return version, chain.verify(connection) if has_audit_log else None
    except UnusableDatabase as error:
        raise Unable("backup_damaged", f"{name}: {error}") from error
    except BrokenAudit as error:
        raise Unable("backup_damaged", f"{name}: {error.message}") from error
