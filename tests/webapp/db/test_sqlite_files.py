"""Paths and copies of SQLite databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from webapp.db.sqlite_files import make_copy, sqlite_file


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a/b.sqlite3", Path("a/b.sqlite3")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("postgresql://db/lens", None),
    ],
)
def test_path_of_a_database(url: str, path: Path | None) -> None:
    assert sqlite_file(make_url(url)) == path


def test_copy_has_the_rows(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (7)")
    copy = make_copy(engine, "before-x")
    assert copy == tmp_path / "a.sqlite3.before-x"
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("SELECT n FROM t").fetchall() == [(7,)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sqlite3", "a.sqlite3.before-x"]
