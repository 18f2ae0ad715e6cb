"""Outbox of webhook messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.tables.base import Base, UTCTime


class OutboxMessage(Base):
    """Undelivered webhook message.

    It is written in the transaction that it reports, and deleted after delivery.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The same at every attempt, so that the receiver recognises duplicates.
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    event: Mapped[str] = mapped_column(String(32))
    # JSON object.
    body: Mapped[str] = mapped_column(Text)
    # Attempts so far.
    tries: Mapped[int]
    # Time of the next attempt.
    next_at: Mapped[datetime] = mapped_column(UTCTime, index=True)
