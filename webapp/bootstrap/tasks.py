"""Scheduled tasks of the database and the media store."""

from __future__ import annotations

from webapp.bootstrap.records import Records
from webapp.services.operations.scheduler import ScheduledTask
from webapp.settings import Settings

# All times are seconds.
MINUTE = 60.0
TEN_MINUTES = 10 * MINUTE
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Interval of tasks whose results people wait for.
SHORT_INTERVAL = 15.0
# Delay of heavy tasks after the start, so that they do not slow the first visitors down.
HEAVY_TASK_DELAY = 5 * MINUTE


def records_tasks(records: Records, settings: Settings) -> list[ScheduledTask]:
    """Return the tasks that sweep the store, delete old results and make backups.

    A backup is due if the newest one is older than LENS_BACKUP_HOURS.
    """
    tasks = [ScheduledTask("sweeping the store", records.keeping.sweep, every=HOUR, first=HEAVY_TASK_DELAY)]
    if settings.retention_days:
        tasks.append(ScheduledTask("deleting old results", records.retention.purge, every=HOUR, first=0))
    if settings.backup_hours:
        interval = settings.backup_hours * HOUR
        first = min(HEAVY_TASK_DELAY, interval)
        newest_age = records.backups.newest_age_seconds()
        if newest_age is not None:
            first = max(first, interval - newest_age)
        tasks.append(ScheduledTask("the backup", records.backups.make, every=interval, first=first))
    return tasks
