"""Open pages, their jobs and their visits."""

from __future__ import annotations

import threading

from tests.waiting import wait_for
from webapp.ui.page_presence import Attempt, Presence


def test_a_closed_page_stops_its_own_job_only() -> None:
    stopped: list[str] = []
    presence = Presence(stopped.append)
    with presence.awaiting("one", "job 1") as one, presence.awaiting("two", "job 2") as two:
        presence.leave("one")
        presence.leave("three")
        assert (one.is_present(), two.is_present()) == (False, True)
    # this page waits for nothing any more
    presence.leave("two")
    assert stopped == [one.key]
    with presence.awaiting("one", "job 3") as later:
        assert later.is_present()


def test_a_closed_page_releases_its_latest_visit_once() -> None:
    released: list[str] = []
    presence = Presence(lambda key: None)
    presence.at_leave("page", lambda: released.append("earlier"))
    presence.at_leave("page", lambda: released.append("latest"))
    presence.leave("page")
    presence.leave("page")
    assert released == ["latest"]


def test_a_program_that_leaves_stops_all_of_its_jobs() -> None:
    stopped: list[str] = []
    presence = Presence(stopped.append)
    with presence.awaiting("program", "job 1") as first:
        with presence.awaiting("program", "job 2"):
            pass
        with presence.awaiting("program", "job 3") as third:
            presence.leave("program")
            assert (first.is_present(), third.is_present()) == (False, False)
    assert sorted(stopped) == sorted([first.key, third.key])


def test_a_page_leaves_with_its_last_connection() -> None:
    stopped: list[str] = []
    presence = Presence(stopped.append)
    with presence.awaiting("page", "job") as attempt:
        with presence.connected("page"):
            with presence.connected("page"):
                pass
            assert attempt.is_present()
        assert not attempt.is_present()
    assert stopped == [attempt.key]


def test_a_repeated_job_stops_its_earlier_attempt_and_begins_after_it() -> None:
    stopped: list[str] = []
    presence = Presence(stopped.append)
    repeated: list[Attempt] = []

    def repeat() -> None:
        with presence.awaiting("page", "job") as second:
            repeated.append(second)

    thread = threading.Thread(target=repeat)
    with presence.awaiting("page", "job") as first:
        thread.start()
        wait_for(lambda: not first.is_present())
        assert repeated == []
    thread.join(timeout=10)
    assert stopped == [first.key]
    assert repeated[0].key != first.key


def test_a_stopped_job_is_stopped_in_every_attempt() -> None:
    stopped: list[str] = []
    presence = Presence(stopped.append)
    with presence.awaiting("page", "job") as first:
        presence.stop("job")
    with presence.awaiting("page", "job") as second:
        pass
    with presence.awaiting("page", "other job"):
        pass
    assert stopped == [first.key, second.key]
