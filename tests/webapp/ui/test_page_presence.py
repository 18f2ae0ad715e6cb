"""Open pages, their jobs and their visits."""

from __future__ import annotations

from webapp.ui.page_presence import Presence


def test_a_closed_page_stops_its_own_job_only() -> None:
    stopped: list[str] = []
    presence = Presence(stopped.append)
    with presence.awaiting("one", "job 1") as one, presence.awaiting("two", "job 2") as two:
        presence.leave("one")
        presence.leave("three")
        assert (one(), two()) == (False, True)
    # this page waits for nothing any more
    presence.leave("two")
    assert stopped == ["job 1"]
    with presence.awaiting("one", "job 3") as is_present:
        assert is_present()


def test_a_closed_page_releases_its_latest_visit_once() -> None:
    released: list[str] = []
    presence = Presence(lambda job: None)
    presence.at_leave("page", lambda: released.append("earlier"))
    presence.at_leave("page", lambda: released.append("latest"))
    presence.leave("page")
    presence.leave("page")
    assert released == ["latest"]
