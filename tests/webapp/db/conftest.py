"""Database made by an earlier version, for the query tests.

It has five analyses (an image, its self-blend, a face that is too small, a clip, a broken file), two votes,
two moderators, and a case with labels and a decision. schema_0012.json has the receipt page's values of that
version, by receipt.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from webapp.db.session import Sessions, make_sessions, open_database

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def stored_results() -> dict[str, Any]:
    """Return what the earlier version showed, by receipt."""
    results: dict[str, Any] = json.loads((DATA / "schema_0012.json").read_text(encoding="utf-8"))
    return results


@pytest.fixture
def earlier_sessions(tmp_path: Path) -> Iterator[Sessions]:
    """Open the database of the earlier version with this one."""
    file = tmp_path / "earlier.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((DATA / "schema_0012.sql").read_text(encoding="utf-8"))
    engine = open_database(f"sqlite:///{file}")
    yield make_sessions(engine)
    engine.dispose()


@pytest.fixture
def session(earlier_sessions: Sessions) -> Iterator[Session]:
    with earlier_sessions() as opened:
        yield opened
