"""Audit log, with triggers that make it append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
ONLY_GROWS = "the audit log only grows"
ONLY_MOVES = "the head of the audit log only moves on"
# A new entry must have the head's number and hash.
# INSERT OR REPLACE ignores constraints, so the trigger also checks that the number is new.
NEXT_ENTRY = """
    NEW.number {is_} (SELECT number FROM audit_head) AND NEW.previous {is_} (SELECT hash FROM audit_head)
    AND NOT EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
"""
# The head first takes the next number, which makes other writers wait, then the hash of that entry.
NEXT_HEAD = """
    NEW.id = OLD.id AND (
        (NEW.number = OLD.number + 1 AND NEW.hash = OLD.hash)
        OR (NEW.number = OLD.number AND NEW.hash {is_} (SELECT hash FROM audit WHERE number = NEW.number))
    )
"""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_hash")),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_id")),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": GENESIS}])
    connection = op.get_bind()
    statements: list[str] = []
    if connection.dialect.name == "sqlite":
        statements = sqlite_triggers()
    elif connection.dialect.name == "postgresql":
        statements = postgresql_triggers()
    for statement in statements:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("audit")
    op.drop_table("audit_head")
    if op.get_bind().dialect.name == "postgresql":
        for function in ("audit_guard", "audit_head_guard"):
            op.get_bind().exec_driver_sql(f"DROP FUNCTION {function}()")


def sqlite_triggers() -> list[str]:
    """Return the statements for SQLite, where a trigger has its condition in its head."""

    def refuse(name: str, event: str, table: str, when: str, why: str) -> str:
        return (
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )

    return [
        refuse("audit_insert", "INSERT", "audit", f"WHEN NOT ({NEXT_ENTRY.format(is_='IS')})", ONLY_GROWS),
        refuse("audit_update", "UPDATE", "audit", "", ONLY_GROWS),
        refuse("audit_delete", "DELETE", "audit", "", ONLY_GROWS),
        refuse("audit_head_insert", "INSERT", "audit_head", "", ONLY_MOVES),
        refuse(
            "audit_head_update",
            "UPDATE",
            "audit_head",
            f"WHEN NOT ({NEXT_HEAD.format(is_='IS')})",
            ONLY_MOVES,
        ),
        refuse("audit_head_delete", "DELETE", "audit_head", "", ONLY_MOVES),
    ]


def postgresql_triggers() -> list[str]:
    """Return the statements for PostgreSQL, where conditions with subqueries need a function."""

    def guard(function: str, event: str, condition: str, why: str) -> str:
        allowed = condition.format(is_="IS NOT DISTINCT FROM")
        return (
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = '{event}' THEN IF {allowed} THEN RETURN NEW; END IF; END IF; "
            f"RAISE EXCEPTION '{why}'; END $$"
        )

    statements = [
        guard("audit_guard", "INSERT", NEXT_ENTRY, ONLY_GROWS),
        guard("audit_head_guard", "UPDATE", NEXT_HEAD, ONLY_MOVES),
    ]
    for table in ("audit", "audit_head"):
        for event in ("insert", "update", "delete"):
            trigger = f"CREATE TRIGGER {table}_{event} BEFORE {event} ON {table}"
            statements.append(f"{trigger} FOR EACH ROW EXECUTE FUNCTION {table}_guard()")
        statements.append(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {table}_guard()"
        )
    return statements
