"""Scheduled tasks of the database and the media store."""

from __future__ import annotations

from webapp.bootstrap.records import Records
from webapp.services.operations.scheduler import ScheduledTask
from webapp.settings import Settings

# Seconds.
DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
TEN_MINUTES = 600.0
# Interval of tasks that people wait for.
OFTEN = 15.0
# Delay of heavy tasks after the start.
SETTLED = 300.0


def records_tasks(records: Records, settings: Settings) -> list[ScheduledTask]:
    """Return the tasks that sweep the store, delete old results and make backups.

    A backup is due if the newest one is older than LENS_BACKUP_HOURS.
    """
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
