"""Jobs that can be stopped."""

from __future__ import annotations

import pytest

from laanet_core.errors import Cancelled
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.progress import VisitProgress
from webapp.services.analysis.queue import Restarting


def test_a_running_job_reports_until_it_is_stopped() -> None:
    jobs, phases = Jobs(), list[str]()
    with jobs.run("mine", lambda progress: phases.append(progress.phase)) as running:
        assert jobs.running == 1
        jobs.stop("another")
        running.report(VisitProgress(0.5, "judging"))
        jobs.stop("mine")
        with pytest.raises(Cancelled):
            running.report(VisitProgress(1.0, "storing"))
    assert phases == ["reading", "judging"]
    assert jobs.running == 0


def test_a_job_may_be_stopped_before_it_begins_and_run_again() -> None:
    jobs = Jobs()
    jobs.stop("mine")
    with pytest.raises(Cancelled), jobs.run("mine", None):
        pass
    with jobs.run("mine", None) as running:
        running.check()


def test_closing_stops_all_jobs() -> None:
    jobs = Jobs()
    with jobs.run("mine", None) as running:
        jobs.close()
        with pytest.raises(Restarting):
            running.check()
    with pytest.raises(Restarting), jobs.run("later", None):
        pass
