"""Contents of backups."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from webapp.db.backups.contents import check_contents
from webapp.db.migrate import newest_version
from webapp.db.session import Sessions
from webapp.domain.errors import Unable


def test_version_and_head_of_a_database(earlier_sessions: Sessions) -> None:
    with earlier_sessions() as session:
        version, head = check_contents(session.connection(), "backup")
    assert version == newest_version()
    assert head is not None


def test_other_databases_and_later_versions_are_refused(earlier_sessions: Sessions) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(Unable, match="no database of this application"):
        check_contents(connection, "backup")
    engine.dispose()
    with earlier_sessions() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Unable, match="9999"):
            check_contents(session.connection(), "backup")
