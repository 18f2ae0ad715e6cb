"""The audit log: what was done, each entry sealed with the one before it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.tables.base import Base


class AuditEntry(Base):
    """One thing that was done. Triggers refuse every change; `webapp.db.audit_chain` writes and checks.

    All but the number is text, kept as it was hashed, so that there is no second way to write the same entry. `number` counts from 1
    without a gap; `subject` is an id that says nothing of a visitor, or empty; `details` is a small JSON object; `previous` is the
    hash of the entry before.
    """

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(64))
    details: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Base):
    """The last entry's number and hash, in one row: writers queue at it, and it tells of entries missing at the end."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
