"""Environment of Alembic. `webapp.db.migrate` passes an open connection and owns the transaction."""

from __future__ import annotations

from alembic import context

from webapp.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite changes a column only by recreating the table.
    render_as_batch=True,
    # Alembic assumes that SQLite has no transactional DDL, but it does.
    transactional_ddl=True,
)
context.run_migrations()
