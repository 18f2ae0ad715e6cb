"""Backups: writing, checking and restoring them, for SQLite and for PostgreSQL."""
