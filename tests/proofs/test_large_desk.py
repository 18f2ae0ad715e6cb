"""100,000 cases: the list, its filters and searches stay fast on both databases, and so does the next case.

Times are processor time of this process and of PostgreSQL's. Other work on the machine does not count.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.schema import CreateIndex

from tests.large_desk import LargeDesk, build_large_desk, file_hash
from tests.process_usage import cpu_seconds
from tests.webapp.postgresql import PostgreSQL, binaries, running
from webapp.db import case_queries
from webapp.db.case_search_queries import cases_like
from webapp.db.session import Sessions, make_sessions, open_database
from webapp.db.tables import Case, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, LabelValue, Reason, Role
from webapp.services.accounts import Person
from webapp.services.moderation.case_history import CaseHistoryService
from webapp.services.moderation.case_list import CaseListService, ListRequest

CASES = 100_000
# Seconds of processor time of a list, a filter or a search.
LIMIT = 0.2
# Factor and seconds by which the next case may be slower than without the indices of the list.
SLOWER, RESOLUTION = 1.2, 0.01
# Indices that the list of cases added.
INDICES = ("ix_cases_list", "ix_label_account_time", "ix_label_case_value")
REPEATS = 4


@dataclass(frozen=True)
class Built:
    """A desk with many cases, and the services over it."""

    engine: Engine
    sessions: Sessions
    desk: LargeDesk
    listing: CaseListService
    histories: CaseHistoryService

    def server_seconds(self) -> float:
        """Return the processor time of the database's process for the pooled connection; 0 for SQLite."""
        if self.engine.dialect.name == "sqlite":
            return 0.0
        with self.engine.connect() as connection:
            return cpu_seconds(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    @property
    def people(self) -> dict[str, Person]:
        admin = Person(self.desk.admin, "admin", Role.ADMIN)
        return {"admin": admin, "moderator": Person(self.desk.moderator, "moderator-00", Role.MODERATOR)}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    programs = binaries()
    assert programs is not None, "needs PostgreSQL (Debian: apt install postgresql)"
    with running(programs) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('large') / 'lens.sqlite3'}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.empty()
        # A parallel query would use the time of other processes, which would not be counted.
        server.run("ALTER ROLE lens SET max_parallel_workers_per_gather = 0")
    engine = open_database(url)
    sessions = make_sessions(engine)
    desk = build_large_desk(sessions, cases=CASES)
    if request.param == "postgresql":
        # The server does this by itself after a while.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    yield Built(engine, sessions, desk, CaseListService(sessions), CaseHistoryService(sessions))
    engine.dispose()


def measured(built: Built, call: Callable[[], object]) -> float:
    """Return the mean seconds of processor time of some calls, after one that is not counted."""
    call()
    began = time.thread_time() + built.server_seconds()
    for _ in range(REPEATS):
        call()
    return (time.thread_time() + built.server_seconds() - began) / REPEATS


def requests(desk: LargeDesk, role: str) -> Iterator[tuple[str, ListRequest]]:
    """Yield a name and a request for each filter, and for combinations that nothing or little matches."""
    filters: dict[str, tuple[object, ...]] = {
        "state": tuple(CaseState),
        "kind": ("image", "video"),
        "verdict": ("fake",),
        "reason": (Reason.AUDIT,),
        "conflict": (True, False),
        "model": ("1.0", "1.11", "none"),
        "decision": (LabelValue.FAKE,),
        "label": (LabelValue.REAL,),
        "min_days": (700,),
        "max_days": (7,),
    }
    yield "no filter", ListRequest()
    for name, values in filters.items():
        for value in values:
            yield f"{name} {value}", ListRequest(**{name: value})  # type: ignore[arg-type]
    middle = f"{now().isoformat()}~{'8' * 32}".replace(str(now().year), str(now().year - 1), 1)
    yield "page in the middle", ListRequest(cursor=middle)
    yield "label against decision", ListRequest(label="fake", decision="real")
    yield "four filters", ListRequest(verdict="fake", reason="audit", conflict=True, state="open")
    if role == "admin":
        yield "moderator", ListRequest(moderator="moderator-03")
        yield "moderator and label", ListRequest(moderator="moderator-03", label="unusable", verdict="real")
        yield "moderator without labels", ListRequest(moderator="admin")


@pytest.mark.proof
@pytest.mark.parametrize("role", ["admin", "moderator"])
def test_every_list_and_filter_is_fast(built: Built, role: str) -> None:
    person, slow = built.people[role], []
    for name, request in requests(built.desk, role):
        for own in (False, True):
            if own and request.moderator:
                continue
            for newest_first in (True, False):
                wanted = replace(request, own=own, newest_first=newest_first)
                seconds = measured(built, lambda wanted=wanted: built.listing.page(person, wanted))
                order = "newest" if newest_first else "oldest"
                print(f"{role}, {'own' if own else 'all'}, {order} first, {name}: {seconds * 1000:.0f} ms")
                if seconds > LIMIT:
                    slow.append(f"{name}: {seconds:.3f} s")
    assert measured(built, lambda: built.listing.choices(person)) < LIMIT
    assert slow == []


@pytest.mark.proof
def test_every_search_and_page_is_fast(built: Built) -> None:
    from laanet_core.media.reader import IN_PROCESS
    from webapp.services.moderation.case_search import CaseSearchService

    search = CaseSearchService(built.sessions, IN_PROCESS, frames=8)
    moderator = built.people["moderator"]
    file, number = file_hash(CASES // 2), file_hash(CASES // 3)[-32:]
    with built.sessions() as session:
        case = case_queries.upcoming_case(session, built.desk.moderator, [])
        assert case is not None
    texts = {
        "case id": case.public_id,
        "report number": number,
        "hash of an upload": file,
        "hash of a stored file": f"f{file[1:]}",
        "receipt": "A" * 43,
        "unknown hash": "e" * 64,
    }
    seconds = {
        name: measured(built, lambda word=word: search.find(moderator, word)) for name, word in texts.items()
    }
    seconds["page of a case"] = measured(built, lambda: built.histories.history(moderator, case.public_id))
    chance = random.Random(1)

    def find_near() -> None:
        with built.sessions() as session:
            # A clip has three hashes.
            cases_like(session, [chance.getrandbits(64) for _ in range(3)], limit=50)

    seconds["near copies of a clip"] = measured(built, find_near)
    for name, taken in seconds.items():
        print(f"{name}: {taken * 1000:.0f} ms")
    for name in ("case id", "report number", "hash of an upload", "hash of a stored file"):
        assert len(search.find(moderator, texts[name])) == 1, name
    assert max(seconds.values()) < LIMIT


@pytest.mark.proof
def test_the_next_case_is_no_slower_than_without_the_list(built: Built) -> None:
    account = built.desk.moderator

    def take() -> None:
        with built.sessions() as session:
            assert case_queries.next_case(session, account) is not None

    def count() -> None:
        with built.sessions() as session:
            assert case_queries.count_takeable_cases(session, account, now()) > 0

    with_indices = measured(built, take)
    counting = measured(built, count)
    print(f"next case: {with_indices * 1000:.1f} ms, number of waiting cases: {counting * 1000:.1f} ms")
    assert counting < LIMIT
    definitions = _drop_indices(built)
    try:
        without = measured(built, take)
    finally:
        with built.engine.begin() as connection:
            for definition in definitions:
                connection.execute(text(definition))
    print(f"next case without the indices of the list: {without * 1000:.1f} ms")
    assert with_indices < SLOWER * without + RESOLUTION


def _drop_indices(built: Built) -> list[str]:
    """Drop the indices of the list and return the statements that create them again."""
    indices = [index for table in (Case, Label) for index in table.__table__.indexes if index.name in INDICES]
    assert len(indices) == len(INDICES)
    with built.engine.begin() as connection:
        for index in indices:
            connection.execute(text(f"DROP INDEX {index.name}"))
    return [str(CreateIndex(index).compile(built.engine)) for index in indices]
