"""Builds everything from the settings; the only place that does."""

from webapp.bootstrap.application import Application, build
from webapp.bootstrap.records import Records, accounts, open_records, restore

__all__ = ["Application", "Records", "accounts", "build", "open_records", "restore"]
