"""Database of the application: tables, queries, migrations, backups and the audit chain."""
