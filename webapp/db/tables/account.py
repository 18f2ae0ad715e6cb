"""Who may sign in: accounts, their sessions, and the links they were handed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base, UTCTime
from webapp.domain.enums import Purpose, Role
from webapp.domain.ids import new_id

_ROLES = ", ".join(f"'{role}'" for role in Role)
_PURPOSES = ", ".join(f"'{purpose}'" for purpose in Purpose)
MAX_NAME = 64


class Account(Base):
    """A person with a role. `name` is folded, so that two that look alike in capitals are one.

    `pseudonym` stands for the name in what leaves the database. `password_hash` is None until the invitation was accepted. `totp_step` is
    the last time step whose code was used: none counts twice. `outside_id` is whom a provider vouches for (issuer and subject, which stay
    when he is renamed); such an account has neither password nor second factor here.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
        Index("ix_account_pseudonym", "pseudonym", unique=True),
        Index("ix_account_outside_id", "outside_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    password_hash: Mapped[str | None] = mapped_column(String(256))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_step: Mapped[int] = mapped_column(default=0, server_default="0")
    pseudonym: Mapped[str] = mapped_column(String(32), default=new_id, server_default="")
    disabled_at: Mapped[datetime | None] = mapped_column(UTCTime)
    outside_id: Mapped[str | None] = mapped_column(String(512))
    sessions: Mapped[list[SignedIn]] = relationship(back_populates="account", cascade="all, delete-orphan")
    links: Mapped[list[Link]] = relationship(back_populates="account", cascade="all, delete-orphan")


class SignedIn(Base):
    """A session. Only the hash of its cookie is kept; no address, no browser."""

    __tablename__ = "signed_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    seen_at: Mapped[datetime] = mapped_column(UTCTime)
    account: Mapped[Account] = relationship(back_populates="sessions")


class Link(Base):
    """An invitation or a reset, good once and until it expires."""

    __tablename__ = "link"
    __table_args__ = (CheckConstraint(f"purpose IN ({_PURPOSES})", name="purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UTCTime)
    account: Mapped[Account] = relationship(back_populates="links")
