"""Hash-chained audit log."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.tables.base import Base


class AuditEntry(Base):
    """Entry of the audit log. Triggers refuse every change; `webapp.db.audit_chain` appends and verifies.

    All columns but `number` are text, exactly as it was hashed, so that an entry has only one spelling.
    """

    __tablename__ = "audit"

    # Counts from 1 without a gap.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    # Id that reveals nothing about a visitor, or empty.
    subject: Mapped[str] = mapped_column(String(64))
    # Small JSON object.
    details: Mapped[str] = mapped_column(Text)
    # Hash of the entry before.
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Base):
    """Number and hash of the last entry, in a single row.

    Writers lock it, so entries are appended one after another. It reveals entries that are missing at the
    end.
    """

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
