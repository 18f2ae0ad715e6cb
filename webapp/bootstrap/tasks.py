"""What is done by the clock for the records."""

from __future__ import annotations

from webapp.bootstrap.records import Records
from webapp.services.operations.scheduler import ScheduledTask
from webapp.settings import Settings

DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
TEN_MINUTES = 600.0
OFTEN = 15.0  # for what somebody waits for
SETTLED = 300.0  # seconds after the start before what is heavy, and due, is done


def records_tasks(records: Records, settings: Settings) -> list[ScheduledTask]:
    """Old results go at start and every hour; the store is swept every hour; a backup is made when the newest one is old enough."""
    tasks = [ScheduledTask("sweeping the store", records.keeping.sweep, every=HOUR, first=SETTLED)]
    if settings.retention_days:
        tasks.append(ScheduledTask("deleting old results", records.retention.purge, every=HOUR, first=0))
    if settings.backup_hours:
        every = settings.backup_hours * HOUR
        since = records.backups.newest_age_seconds()
        settled = min(SETTLED, every)
        first = settled if since is None else max(settled, every - since)
        tasks.append(ScheduledTask("the backup", records.backups.make, every=every, first=first))
    return tasks
