"""Accounts of moderators and admins, their sessions and their links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base, UTCTime, one_of
from webapp.domain.enums import Purpose, Role
from webapp.domain.ids import new_id

# Characters of an account's name.
MAX_NAME = 64


class Account(Base):
    """Account of a moderator or admin."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        Index("ix_account_pseudonym", "pseudonym", unique=True),
        Index("ix_account_outside_id", "outside_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Case-folded, so that names that differ in case only cannot coexist.
    name: Mapped[str] = mapped_column(String(MAX_NAME), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # None until the invitation is accepted, and for accounts of an external provider.
    password_hash: Mapped[str | None] = mapped_column(String(256))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    # Time step of the last code that was used. No code is accepted twice.
    totp_step: Mapped[int] = mapped_column(default=0, server_default="0")
    # Stands for the name in exports.
    pseudonym: Mapped[str] = mapped_column(String(32), default=new_id, server_default="")
    disabled_at: Mapped[datetime | None] = mapped_column(UTCTime)
    # Issuer and subject of an OpenID Connect provider. They survive a renaming of the person.
    external_id: Mapped[str | None] = mapped_column("outside_id", String(512))
    sessions: Mapped[list[AccountSession]] = relationship(
        back_populates="account", cascade="all, delete-orphan"
    )
    links: Mapped[list[Link]] = relationship(back_populates="account", cascade="all, delete-orphan")


class AccountSession(Base):
    """Session of a signed-in account. Neither address nor browser is stored."""

    __tablename__ = "signed_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    # sha256 of the cookie's token.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCTime)
    # Time of the last request.
    seen_at: Mapped[datetime] = mapped_column(UTCTime)
    account: Mapped[Account] = relationship(back_populates="sessions")


class Link(Base):
    """Invitation or password reset, valid once and until it expires."""

    __tablename__ = "link"
    __table_args__ = (CheckConstraint(one_of("purpose", Purpose), name="purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    # sha256 of the link's token.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UTCTime)
    account: Mapped[Account] = relationship(back_populates="links")
