"""Scheduled tasks of the database."""

from __future__ import annotations

from pathlib import Path

from webapp.bootstrap.records import open_records
from webapp.bootstrap.tasks import HOUR, records_tasks
from webapp.settings import Settings


def test_settings_decide_on_tasks(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, backup_hours=0)
    with open_records(settings) as records:
        assert len(records_tasks(records, settings)) == 1
        changed = settings.model_copy(update={"backup_hours": 0.5, "retention_days": 30})
        intervals = [task.every for task in records_tasks(records, changed)]
    assert sorted(intervals) == [0.5 * HOUR, HOUR, HOUR]
