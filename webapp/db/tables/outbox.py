"""What is to be told to the host's webhook, and was not yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.tables.base import Base, UTCTime


class Outbox(Base):
    """One message, written in the transaction that did what it tells of, and deleted once it has arrived.

    `public_id` is the same at every try, so that a receiver can tell a message that comes twice.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    event: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    tries: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(UTCTime, index=True)
