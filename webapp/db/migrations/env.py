"""Run by Alembic for every command; `upgrade.py` hands it an open connection and owns the transaction."""

from __future__ import annotations

from alembic import context

from webapp.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column only by making the table anew
    transactional_ddl=True,  # SQLite can, whatever Alembic assumes
)
context.run_migrations()
