"""What a picture looks like, in 64 bits, so that its near copies are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.tables.base import Base

if TYPE_CHECKING:
    from webapp.db.tables.analysis import Analysis


class Fingerprint(Base):
    """A perceptual hash of an analysed picture (`number` 0), or of one of a clip's frames.

    The 64 bits lie in four bands of 16, highest first, each with an index: near hashes agree in a band, or all but (see
    `webapp.db.nearness`). No picture can be made from them again.
    """

    __tablename__ = "fingerprint"
    __table_args__ = tuple(CheckConstraint(f"band_{n} BETWEEN 0 AND 65535", name=f"band_{n}") for n in (1, 2, 3, 4))

    analysis_id: Mapped[int] = mapped_column(ForeignKey("analysis.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    band_1: Mapped[int] = mapped_column(index=True)
    band_2: Mapped[int] = mapped_column(index=True)
    band_3: Mapped[int] = mapped_column(index=True)
    band_4: Mapped[int] = mapped_column(index=True)
    analysis: Mapped[Analysis] = relationship(back_populates="fingerprints")
