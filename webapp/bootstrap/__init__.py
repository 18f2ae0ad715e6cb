"""Construction of all objects from the settings."""

from webapp.bootstrap.application import Application, build
from webapp.bootstrap.detector import present_detector
from webapp.bootstrap.learning import Learning, open_learning, versions_of
from webapp.bootstrap.records import Records, accounts, open_records, restore

__all__ = [
    "Application",
    "Learning",
    "Records",
    "accounts",
    "build",
    "open_learning",
    "open_records",
    "present_detector",
    "restore",
    "versions_of",
]
