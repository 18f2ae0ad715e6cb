"""Nothing can be done to the audit log unseen."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, text, update
from sqlalchemy.exc import DBAPIError

from webapp.db import audit_chain as chain
from webapp.db.audit_chain import Event, Head
from webapp.db.migrations.versions import r0003_audit
from webapp.db.session import Sessions, make_sessions, open_database
from webapp.db.tables import AuditEntry, AuditHead
from webapp.domain.enums import Action, Actor, user_actor
from webapp.domain.errors import BrokenAudit
from webapp.services.audit.log import AuditService

pytestmark = pytest.mark.both_databases
COLUMNS = ("created_at", "actor", "action", "subject", "details", "previous", "hash")
ENTRIES = 12


@pytest.fixture
def filled(audit: AuditService) -> AuditService:
    """A log of twelve entries, the first the migration's."""
    with audit.transaction() as (_, tell):
        for number in range(2, ENTRIES + 1):
            actor = (Actor.VISITOR, Actor.SYSTEM, user_actor(number), Actor.NONE)[number % 4]
            tell(
                Event(
                    actor,
                    Action.RECEIPT_DELETED,
                    f"analysis:{number}",
                    {"note": "ü\\u0000 \\" * (number % 3), "n": number},
                )
            )
    return audit


def code(service: AuditService, known: str | None = None) -> str | None:
    try:
        service.verify(known)
    except BrokenAudit as error:
        return error.code
    return None


def test_what_is_told_is_there_and_holds(filled: AuditService, sessions: Sessions, tmp_path: Path) -> None:
    verified = filled.verify()
    assert verified.head.number == ENTRIES
    assert verified.stored_head == verified.head
    assert (tmp_path / "audit.head").read_text() == f"{ENTRIES} {verified.head.hash}\n"
    with sessions() as session:
        first, *_, last = session.query(AuditEntry).order_by(AuditEntry.number).all()
        assert (first.actor, first.action, first.previous, first.created_at[-6:]) == (
            "system",
            "migrated",
            "0" * 64,
            "+00:00",
        )
        assert (last.actor, last.subject, json.loads(last.details)["n"]) == ("visitor", "analysis:12", 12)


def test_a_head_printed_earlier_is_part_of_the_log(filled: AuditService) -> None:
    earlier = filled.verify().head.hash
    filled.record(Event(Actor.SYSTEM, Action.PURGED))
    assert filled.verify(earlier).head.hash != earlier
    assert filled.verify("0" * 64).head.number == ENTRIES + 1  # the head of an empty log
    assert code(filled, "ab" * 32) == "audit_unknown_head"


def test_told_and_done_are_one(audit: AuditService, sessions: Sessions) -> None:
    before = audit.verify().head

    def fail() -> None:
        with audit.transaction() as (session, tell):
            tell(Event(Actor.SYSTEM, Action.PURGED))
            session.execute(text("DELETE FROM audit"))

    with pytest.raises(DBAPIError):
        fail()
    with audit.transaction():
        pass  # nothing was done
    assert audit.verify().head == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'none' WHERE number = 3",
        "DELETE FROM audit WHERE number = 12",
        "DELETE FROM audit",
        "INSERT INTO audit VALUES (13, 'now', 'none', 'purged', '', '{}', 'x', 'y')",
        "INSERT INTO audit SELECT 13, created_at, actor, action, subject, details, hash, 'y' "
        "FROM audit WHERE number = 12",
        "INSERT INTO audit SELECT 0, created_at, actor, action, subject, details, hash, 'y' "
        "FROM audit WHERE number = 12",
        "UPDATE audit_head SET number = 11",
        "UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE number = 11)",
        "UPDATE audit_head SET number = 13, hash = 'x'",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head VALUES (2, 1, 'x')",
        {
            "sqlite": "INSERT OR REPLACE INTO audit "
            "SELECT number, 'x', actor, action, subject, details, previous, hash FROM audit"
        },
        {
            "sqlite": "INSERT OR REPLACE INTO audit_head VALUES (1, 3, 'x')",
            "postgresql": "TRUNCATE audit_head",
        },
        {"sqlite": "UPDATE OR REPLACE audit SET number = 2 WHERE number = 3", "postgresql": "TRUNCATE audit"},
    ],
)
def test_the_database_refuses_what_is_no_addition(
    filled: AuditService, engine: Engine, statement: str | dict[str, str]
) -> None:
    written = (
        statement if isinstance(statement, str) else statement.get(engine.dialect.name, "TRUNCATE audit")
    )
    with pytest.raises(DBAPIError, match=r"only grows|only moves on"), engine.begin() as connection:
        connection.exec_driver_sql(written)
    assert code(filled) is None


@contextmanager
def unguarded(engine: Engine) -> Iterator[Connection]:
    """Run the block without triggers; they return before the log is checked, see `guarded`."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        for name in sorted(chain.TRIGGERS):
            table = name.rsplit("_", 1)[0]
            connection.exec_driver_sql(
                f"DROP TRIGGER {name}" + ("" if engine.dialect.name == "sqlite" else f" ON {table}")
            )
        yield connection
        connection.rollback()


def guarded(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for statement in r0003_audit.sqlite_triggers():
            connection.exec_driver_sql(statement)
        return
    for statement in r0003_audit.postgresql_triggers():
        if statement.startswith("CREATE TRIGGER") and "truncate" not in statement:
            connection.exec_driver_sql(statement)


def rows(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text("SELECT * FROM audit ORDER BY number")).mappings()]


def put(connection: Connection, entries: list[dict[str, Any]]) -> None:
    connection.execute(text("DELETE FROM audit"))
    if entries:
        connection.execute(insert(AuditEntry), entries)


def sealed(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number and chain the entries again, as a skilled attacker would."""
    last, made = Head(0, chain.GENESIS), []
    for entry in entries:
        values = {**entry, "number": last.number + 1, "previous": last.hash}
        last = Head(values["number"], chain.entry_hash(values))
        made.append({**values, "hash": last.hash})
    return made


words = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
places = st.integers(0, ENTRIES - 1)
TAMPERINGS = st.one_of(
    st.tuples(st.just("edit"), places, st.sampled_from(COLUMNS), words),
    st.tuples(st.just("delete"), st.sets(places, min_size=1), st.booleans(), st.booleans()),
    st.tuples(st.just("insert"), st.integers(0, ENTRIES), places, st.booleans()),
    st.tuples(st.just("truncate"), places, st.booleans(), st.just(None)),
    st.tuples(st.just("swap"), places, places, st.booleans()),
    st.tuples(st.just("rewrite"), places, st.sampled_from(COLUMNS[:5]), words),
    st.tuples(st.just("head"), st.integers(-5, 99), words, st.booleans()),
)


def tamper(connection: Connection, how: tuple[Any, ...]) -> bool:
    """Do it; False where it changes nothing."""
    kind, first, second, third = how
    before = entries = rows(connection)
    if kind == "edit":
        put(
            connection,
            [
                {**entry, second: third[:32]} if place == first else entry
                for place, entry in enumerate(entries)
            ],
        )
    elif kind == "delete":
        entries = [entry for place, entry in enumerate(entries) if place not in first]
        put(
            connection,
            sealed(entries)
            if third
            else [{**e, "number": n} for n, e in enumerate(entries, 1)]
            if second
            else entries,
        )
    elif kind == "insert":
        entries = [
            *entries[:first],
            {**entries[second], "subject": "one too many", "hash": "f" * 64},
            *entries[first:],
        ]
        put(
            connection,
            sealed(entries)
            if third and first < ENTRIES
            else [{**e, "number": n} for n, e in enumerate(entries, 1)],
        )
    elif kind == "truncate":
        put(connection, entries[:first])
    elif kind == "swap":
        entries[first], entries[second] = entries[second], entries[first]
        put(
            connection,
            sealed(entries)
            if third
            else [{**entry, "number": number} for number, entry in enumerate(entries, 1)],
        )
    elif kind == "rewrite":
        put(
            connection,
            sealed(
                [
                    {**entry, second: third[:32]} if place == first else entry
                    for place, entry in enumerate(entries)
                ]
            ),
        )
    else:
        values = {"hash": second} if third else {"number": first}
        connection.execute(
            update(AuditHead).values(**values) if first >= 0 else text("DELETE FROM audit_head")
        )
        return not (first == ENTRIES and not third)
    left = rows(connection)
    if kind in ("rewrite", "delete", "swap", "insert") or (
        kind == "truncate" and second
    ):  # the head made to fit
        last = Head(left[-1]["number"], left[-1]["hash"]) if left else Head(0, chain.GENESIS)
        connection.execute(update(AuditHead).values(number=last.number, hash=last.hash))
    return left != before


def hunt(engine: Engine, service: AuditService, tamperings: int) -> None:
    """Every tampering of many is found against the head that the file keeps."""
    head, tried = service.verify().head, []

    @settings(max_examples=tamperings, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(TAMPERINGS)
    def found(how: tuple[Any, ...]) -> None:
        with unguarded(engine) as connection:
            changed = tamper(connection, how)
            guarded(connection)
            if not changed:
                assert chain.verify(connection, {head}) == head
                return
            tried.append(how[0])
            with pytest.raises(BrokenAudit):
                chain.verify(connection, {head})

    found()
    assert set(tried) == {"edit", "delete", "insert", "truncate", "swap", "rewrite", "head"}
    assert len(tried) > 0.8 * tamperings
    assert service.verify().head == head


def test_any_tampering_is_found(engine: Engine, filled: AuditService) -> None:
    hunt(engine, filled, 120)


@pytest.mark.proof
def test_a_thousand_tamperings_are_found(engine: Engine, filled: AuditService) -> None:
    hunt(engine, filled, 1250)


@pytest.mark.parametrize("left", [0, 1, ENTRIES - 1])
def test_a_log_cut_at_the_end_is_found_by_the_file_or_a_printed_head(
    engine: Engine, filled: AuditService, sessions: Sessions, tmp_path: Path, left: int
) -> None:
    printed, elsewhere = filled.verify().head.hash, AuditService(sessions, None)
    _shorten(engine, left)
    assert elsewhere.verify().head.number == left  # the log alone cannot tell
    assert code(elsewhere, printed) == "audit_unknown_head"
    assert code(filled) == "audit_unknown_head"
    for _ in range(ENTRIES):  # nor does time heal it
        filled.record(Event(Actor.SYSTEM, Action.PURGED))
    assert code(filled) == "audit_unknown_head"
    assert (tmp_path / "audit.head").read_text() == f"{ENTRIES} {printed}\n"


def _shorten(engine: Engine, left: int) -> None:
    with engine.begin() as connection:
        for name in sorted(chain.TRIGGERS):
            suffix = "" if engine.dialect.name == "sqlite" else f" ON {name.rsplit('_', 1)[0]}"
            connection.exec_driver_sql(f"DROP TRIGGER {name}{suffix}")
        connection.execute(text("DELETE FROM audit WHERE number > :left"), {"left": left})
        last = (
            connection.scalar(text("SELECT hash FROM audit WHERE number = :left"), {"left": left})
            or chain.GENESIS
        )
        connection.execute(update(AuditHead).values(number=left, hash=last))
        guarded(connection)


def test_missing_guards_are_found(engine: Engine, filled: AuditService) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "DROP TRIGGER audit_update" + ("" if engine.dialect.name == "sqlite" else " ON audit")
        )
    assert code(filled) == "audit_unguarded"


@pytest.mark.parametrize("content", ["", "12\n", "x" * 40, "13 " + "0" * 64 + "\n", "\x00\n"])
def test_a_file_that_does_not_fit_is_found_and_left_as_it_is(
    filled: AuditService, tmp_path: Path, content: str
) -> None:
    (tmp_path / "audit.head").write_text(content)
    filled.record(Event(Actor.SYSTEM, Action.PURGED))
    assert code(filled) == "audit_unknown_head"
    assert (tmp_path / "audit.head").read_text() == content


def test_a_crash_between_log_and_file_is_no_tampering(
    filled: AuditService, sessions: Sessions, tmp_path: Path
) -> None:
    kept = (tmp_path / "audit.head").read_text()
    AuditService(sessions, None).record(
        Event(Actor.SYSTEM, Action.PURGED)
    )  # as if the process had died after its commit
    assert filled.verify().stored_head == Head(ENTRIES, kept.split()[1])
    filled.store_head()  # at the next start
    assert (tmp_path / "audit.head").read_text().startswith(f"{ENTRIES + 1} ")


def test_a_file_that_cannot_be_written_stops_nobody(filled: AuditService, tmp_path: Path) -> None:
    (tmp_path / "audit.head.part").mkdir()
    filled.record(Event(Actor.SYSTEM, Action.PURGED))
    (tmp_path / "audit.head.part").rmdir()
    assert filled.verify().head.number == ENTRIES + 1


def test_checking_while_others_write_raises_no_false_alarm(engine: Engine, filled: AuditService) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            filled.record(Event(Actor.SYSTEM, Action.PURGED))

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        numbers = [filled.verify().head.number for _ in range(40)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert numbers == sorted(numbers)
    assert filled.verify().head.number > ENTRIES


def _tell(url: str, head_file: Path, count: int, barrier: object) -> None:
    engine = open_database(url)
    service = AuditService(make_sessions(engine), head_file)
    barrier.wait()  # type: ignore[attr-defined]
    for number in range(count):
        service.record(Event(Actor.SYSTEM, Action.PURGED, details={"n": number}))
    engine.dispose()


def test_two_processes_chain_their_entries(engine: Engine, audit: AuditService, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, count = context.Barrier(2), 25
    url = engine.url.render_as_string(hide_password=False)
    processes = [
        context.Process(target=_tell, args=(url, tmp_path / "audit.head", count, barrier)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=200)
    assert [process.exitcode for process in processes] == [0, 0]
    verified = audit.verify()
    assert verified.head.number == 1 + 2 * count
    assert verified.stored_head == verified.head
