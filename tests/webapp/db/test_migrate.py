"""Databases of every version become databases of this one."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from webapp.db import audit_chain as chain
from webapp.db.migrate import configuration, newest_version
from webapp.db.session import make_sessions, open_database
from webapp.db.tables import Base
from webapp.domain.errors import UnusableDatabase

OLD = (
    Path(__file__).parents[1] / "data" / "before_migrations.sqlite3"
)  # made by the last version without migrations
OLD_TABLES = ("analysis", "face", "feedback")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "lens.sqlite3"
    shutil.copy(OLD, path)
    return path


def rows(path: Path, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()


def constraints(path: Path) -> set[str]:
    """Every table's and index's definition, without the order of columns and constraints."""
    with closing(sqlite3.connect(path)) as connection:
        lines = [
            line
            for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            for line in sql.splitlines()
        ]
    return {line.strip(" \t,") for line in lines} - {")", ""}


@pytest.mark.both_databases
def test_the_migrated_tables_are_the_models_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_constraints_and_indices_are_the_models(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'a.sqlite3'}").dispose()
    fresh = create_engine(f"sqlite:///{tmp_path / 'b.sqlite3'}")
    Base.metadata.create_all(fresh)
    fresh.dispose()
    made, wanted = constraints(tmp_path / "a.sqlite3"), constraints(tmp_path / "b.sqlite3")
    assert {line for line in wanted if "CONSTRAINT" in line or "INDEX" in line} <= made


@pytest.mark.both_databases
def test_every_step_can_be_gone_and_gone_back(empty_url: str) -> None:
    engine = open_database(empty_url)
    config = configuration()
    for step in (command.downgrade, command.upgrade):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, "base" if step is command.downgrade else "head")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert chain.verify(connection).number == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("versions", "line"),
    [
        ([(1, "retired", 1), (2, "retired", 2), (3, "champion", None)], [(1, 2), (2, 3)]),
        ([(1, "champion", 1), (2, "rejected", 2)], []),
        ([(1, "rejected", 3), (2, "champion", 2)], [(1, 2)]),  # gone back, and then forward again
        ([(1, "retired", 2), (2, "rejected", 1), (3, "champion", None)], [(1, 3)]),
        ([(1, "candidate", None)], []),
    ],
)
@pytest.mark.both_databases
def test_earlier_champions_can_be_gone_back_to_after_the_upgrade(
    empty_url: str, versions: list[tuple[int, str, int | None]], line: list[tuple[int, int]]
) -> None:
    engine, config = open_database(empty_url), configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0010")
        for number, state, retired in versions:
            when = None if retired is None else f"2026-01-0{retired} 00:00:00"
            connection.execute(
                text(
                    "INSERT INTO model_version "
                    "(id, version, source, sha256, config_sha256, state, created_at, retired_at)"
                    " VALUES (:id, :version, 'starter', '', '', :state, '2026-01-01 00:00:00', :retired)"
                ),
                {"id": number, "version": f"v{number}", "state": state, "retired": when},
            )
        command.upgrade(config, "head")
        assert (
            connection.execute(text("SELECT before_id, after_id FROM succession ORDER BY id")).all() == line
        )
    engine.dispose()


def test_an_old_database_is_upgraded_without_losing_a_row(old: Path) -> None:
    columns = {table: ", ".join(name for _, name, *_ in _columns(OLD, table)) for table in OLD_TABLES}
    before = {table: rows(OLD, table) for table in OLD_TABLES}
    assert [len(before[table]) for table in OLD_TABLES] == [3, 3, 3]
    engine = open_database(f"sqlite:///{old}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
    assert {table: rows(old, table, columns[table]) for table in OLD_TABLES} == before
    assert set(rows(old, "analysis", "temperature, real_below, fake_above, error_message, notify")) == {
        (None, None, None, None, 0)
    }


def test_a_copy_is_made_before_an_upgrade_and_only_then(old: Path) -> None:
    for _ in range(2):
        open_database(f"sqlite:///{old}").dispose()
    copy = old.with_name(f"lens.sqlite3.before-{newest_version()}")
    assert sorted(path.name for path in old.parent.iterdir()) == [old.name, copy.name]
    assert {table: rows(copy, table) for table in OLD_TABLES} == {
        table: rows(OLD, table) for table in OLD_TABLES
    }
    assert copy.stat().st_mode == old.stat().st_mode


def test_a_step_that_fails_leaves_the_database_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = constraints(old)

    def fail(*_: object) -> None:
        raise UnusableDatabase("not today")

    with monkeypatch.context() as patched:
        patched.setattr("webapp.db.migrate.check_references", fail)
        with pytest.raises(UnusableDatabase):
            open_database(f"sqlite:///{old}")
    assert constraints(old) == before
    open_database(f"sqlite:///{old}").dispose()
    assert constraints(old) != before


def test_databases_of_later_versions_and_halves_are_refused(old: Path, tmp_path: Path) -> None:
    open_database(f"sqlite:///{old}").dispose()
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnusableDatabase, match="9999"):
        open_database(f"sqlite:///{old}")
    with closing(sqlite3.connect(tmp_path / "half.sqlite3")) as connection:
        connection.execute("CREATE TABLE analysis (id INTEGER PRIMARY KEY)")
    with pytest.raises(UnusableDatabase, match="only some tables"):
        open_database(f"sqlite:///{tmp_path / 'half.sqlite3'}")


def test_the_steps_can_be_gone_back(old: Path) -> None:
    engine = open_database(f"sqlite:///{old}")
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
    assert {table: rows(old, table) for table in OLD_TABLES} == {
        table: rows(OLD, table) for table in OLD_TABLES
    }


def _open_and_count(url: str, barrier: object, answers: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    engine = open_database(url)
    with make_sessions(engine)() as session:
        count = session.execute(text("SELECT count(*) FROM analysis")).scalar()
        answers.put(count)  # type: ignore[attr-defined]
    engine.dispose()


@pytest.mark.parametrize("state", ["fresh", "old", "postgresql"])
def test_processes_that_start_at_once_all_start(
    tmp_path: Path, request: pytest.FixtureRequest, state: str
) -> None:
    url = f"sqlite:///{tmp_path / 'lens.sqlite3'}"
    if state == "old":
        shutil.copy(OLD, tmp_path / "lens.sqlite3")
    elif state == "postgresql":
        url = request.getfixturevalue("postgresql").empty()
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(4), context.Queue()
    processes = [context.Process(target=_open_and_count, args=(url, barrier, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0] * 4
    assert [answers.get(timeout=5) for _ in processes] == [3 if state == "old" else 0] * 4
    engine = open_database(url)
    with engine.connect() as connection:
        assert chain.verify(connection).number == 1  # one process migrated and audited it
    engine.dispose()


def _columns(path: Path, table: str) -> list[tuple[object, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA table_info({table})").fetchall()
